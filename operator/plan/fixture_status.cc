#include <algorithm>
#include <cmath>
#include <utility>

#include "common/api/reasons.h"
#include "operator/plan/fixture_plan.h"

namespace tenantry::plan {
namespace {

namespace condition = api::condition;
namespace reason = api::reason;
using api::DatasetStatus;
using api::FixtureSet;
using api::FixtureTenantStatus;
using Outcomes = std::map<api::Name, TenantTaskOutcome>;

constexpr std::chrono::seconds kTaskPoll{20};  // events wake us; this is for a lost one
constexpr std::chrono::seconds kProgressPoll{1};

// How one tenant stands after the pass.
struct TenantView {
  FixtureTenantStatus status;
  std::optional<Error> error;  // failed
  bool waits = false;          // for its Tenant
  bool running = false;
  bool retrying = false;  // running, after an error
  bool queued = false;    // no room yet
  double fraction = 0;    // of a running load
};

std::vector<DatasetStatus> Datasets(const api::LoadResult& result) {
  std::vector<DatasetStatus> datasets;
  for (const api::DatasetResult& dataset : result.datasets) {
    datasets.push_back(dataset.status);
  }
  return datasets;
}

// A repeated load that touched nothing says nothing new about how the rows came in.
bool OnlySkipped(const api::LoadResult& result) {
  return std::all_of(result.datasets.begin(), result.datasets.end(),
                     [](const api::DatasetResult& d) { return d.skipped_by_hash; });
}

FixtureTenantStatus Before(const FixtureSet& set, const api::Name& tenant) {
  for (const FixtureTenantStatus& status : set.status.tenants) {
    if (status.name == tenant.value()) {
      return status;
    }
  }
  return {.name = tenant.value()};
}

// How the last try of the same load ended badly, if it did.
std::optional<Error> LastError(const FixtureMemory& memory, const api::Name& tenant,
                               const std::string& hash) {
  const auto attempt = memory.attempts.find(tenant);
  return attempt != memory.attempts.end() && attempt->second.hash == hash ? attempt->second.error
                                                                          : std::nullopt;
}

void TakeRunning(const api::Progress& progress, const std::optional<Error>& last_error,
                 const std::string& hash, TenantView* view) {
  view->running = true;
  view->fraction = progress.total > 0
                       ? static_cast<double>(progress.done) / static_cast<double>(progress.total)
                       : 0;
  if (last_error && IsTaskFailure(last_error->reason)) {
    view->retrying = true;
    view->error = last_error;
    view->status.message = last_error->message;
  } else if (view->status.loaded_hash != hash) {
    view->status.message = "Loading";
  } else {
    view->status.message.clear();
  }
  if (!view->status.message.empty()) {
    view->status.loaded_hash.clear();
  }
}

void TakeOutcome(const TenantTaskOutcome& outcome, const std::optional<Error>& last_error,
                 const std::string& hash, TenantView* view) {
  if (outcome.error) {
    view->error = outcome.error;
    view->status.message = outcome.error->message;
    view->status.loaded_hash.clear();
    if (outcome.loaded) {
      view->status.datasets = Datasets(*outcome.loaded);
    }
  } else if (outcome.loaded) {
    const bool known = !view->status.datasets.empty() && view->status.loaded_hash == hash;
    if (!known || !OnlySkipped(*outcome.loaded)) {
      view->status.datasets = Datasets(*outcome.loaded);
    }
    view->status.loaded_hash = hash;
    view->status.message.clear();
  } else if (outcome.task) {
    TakeRunning(outcome.task->progress, last_error, hash, view);
  }
}

TenantView View(const FixtureObserved& observed, const FixtureMemory& memory,
                const FixturePlan& plan, const Outcomes& outcomes, const CoveredTenant& tenant) {
  TenantView view{.status = Before(observed.set, tenant.name)};
  if (tenant.waits_for) {
    view.waits = true;
    view.status.message = tenant.waits_for->message;
    return view;
  }
  const std::string& hash = plan.hashes.at(tenant.name);
  const std::optional<Error> last_error = LastError(memory, tenant.name, hash);
  if (const auto outcome = outcomes.find(tenant.name); outcome != outcomes.end()) {
    TakeOutcome(outcome->second, last_error, hash, &view);
  } else if (last_error) {
    view.error = last_error;
    view.status.message = last_error->message;
  } else if (view.status.loaded_hash != hash) {
    view.queued = true;
    view.status.loaded_hash.clear();
    view.status.message = "Waits for other loads of this fixture set";
  } else {
    view.status.message.clear();  // it waited meanwhile, but its data is in
  }
  return view;
}

// Never 100 % before the end, whatever an agent estimates.
std::string Percent(double done, int ready, std::size_t all) {
  if (ready == static_cast<int>(all)) {
    return "100%";
  }
  const int percent = static_cast<int>(std::floor(done / static_cast<double>(all) * 100));
  return std::to_string(std::clamp(percent, 0, 99)) + "%";
}

void Total(const std::vector<TenantView>& views, api::FixtureSetStatus* status) {
  std::map<std::string, DatasetStatus> sums;
  status->tenants.clear();
  status->rows = 0;
  status->rejected = 0;
  double done = 0;
  int ready = 0;
  for (const TenantView& view : views) {
    status->tenants.push_back(view.status);
    const bool loaded = view.status.message.empty() && !view.status.loaded_hash.empty();
    ready += loaded ? 1 : 0;
    done += loaded ? 1 : view.fraction;
    for (const DatasetStatus& dataset : view.status.datasets) {
      DatasetStatus& sum = sums[dataset.name];
      sum.name = dataset.name;
      sum.counters += dataset.counters;
      sum.bytes += dataset.bytes;
      sum.rows_per_second = dataset.rows_per_second;
      sum.checksum = dataset.checksum;
      status->rows += dataset.counters.read;
      status->rejected += dataset.counters.rejected;
    }
  }
  status->datasets.clear();
  for (auto& [name, sum] : sums) {
    status->datasets.push_back(std::move(sum));
  }
  status->tenants_ready = std::to_string(ready) + "/" + std::to_string(views.size());
  status->progress = Percent(done, ready, views.size());
}

struct Judgement {
  Verdict verdict;
  Requeue requeue;
};

std::string Names(const std::vector<TenantView>& views, bool TenantView::*flag) {
  std::string names;
  for (const TenantView& view : views) {
    if (view.*flag) {
      names += (names.empty() ? "" : ", ") + view.status.name;
    }
  }
  return names;
}

bool Any(const std::vector<TenantView>& views, bool TenantView::*flag) {
  return std::any_of(views.begin(), views.end(), [&](const auto& view) { return view.*flag; });
}

bool IsLoadedNow(const TenantView& view) {
  return view.status.message.empty() && !view.status.loaded_hash.empty();
}

Judgement JudgeRunning(const std::vector<TenantView>& views) {
  if (std::all_of(views.begin(), views.end(), IsLoadedNow)) {  // a volume is looked at again
    return {{Shape::kReady, reason::kSucceeded, "Succeeded"}, Requeue::After(kTaskPoll)};
  }
  const std::string names = Names(views, &TenantView::running);
  return {
      {Shape::kInProgress, reason::kProgressing, names.empty() ? "Loading" : "Loading " + names},
      Requeue::After(kProgressPoll)};
}

// The verdict of the first tenant that needs a human, else of the first that failed; the soonest of
// their requeues.
Judgement JudgeErrors(const std::vector<TenantView>& views) {
  Judgement judgement{.requeue = Requeue::After(kStalledPoll)};
  for (const TenantView& view : views) {
    if (!view.error) {
      continue;
    }
    Verdict verdict = MakeVerdict(*view.error);
    verdict.message = "Tenant " + view.status.name + ": " + verdict.message;
    const bool first = judgement.verdict.reason.empty();
    const bool worse =
        verdict.shape == Shape::kStalled && judgement.verdict.shape != Shape::kStalled;
    if (first || worse) {
      judgement.verdict = verdict;
    }
    if (verdict.shape == Shape::kRetrying) {
      judgement.requeue = DecideRequeue(*view.error);
    }
  }
  if (Any(views, &TenantView::retrying)) {
    judgement.requeue = Requeue::After(kTaskPoll);
  }
  return judgement;
}

Judgement Judge(const std::vector<TenantView>& views) {
  const bool failed =
      std::any_of(views.begin(), views.end(), [](const auto& view) { return view.error; });
  const bool news = std::any_of(views.begin(), views.end(), [](const TenantView& view) {
    return view.running && !view.retrying;
  });
  if (news || (!failed && Any(views, &TenantView::queued))) {
    return JudgeRunning(views);
  }
  if (failed) {
    return JudgeErrors(views);
  }
  const auto waiting =
      std::find_if(views.begin(), views.end(), [](const TenantView& view) { return view.waits; });
  if (waiting != views.end()) {
    return {{Shape::kInProgress, reason::kDependencyNotReady,
             "Tenant " + waiting->status.name + " is not ready: " + waiting->status.message},
            Requeue::After(kTaskPoll)};
  }
  return {{Shape::kReady, reason::kSucceeded, views.empty() ? "No tenant matches" : "Succeeded"},
          Requeue::Never()};
}

FixtureSummary SummarizeDeletion(const FixturePlan& plan, const Outcomes& outcomes,
                                 api::FixtureSetStatus status, ConditionSet conditions) {
  Verdict verdict{Shape::kInProgress, reason::kProgressing, "Unloading"};
  FixtureSummary summary{.requeue = Requeue::After(kTaskPoll)};
  std::optional<Error> error = plan.refused;
  for (const auto& [tenant, outcome] : outcomes) {
    error = outcome.error ? outcome.error : error;
  }
  if (error) {
    verdict = {Shape::kRetrying, error->reason.empty() ? reason::kFailed : error->reason,
               error->message};
    summary.requeue = Requeue::After(kStalledPoll);
  }
  conditions.SetVerdict(verdict);
  const std::vector<api::Condition> before = std::move(status.conditions);
  status.conditions = std::move(conditions).Take();
  if (auto event = ReadyEvent(before, status.conditions)) {
    summary.events.push_back(*std::move(event));
  }
  summary.status = std::move(status);
  return summary;
}

}  // namespace

FixtureSummary SummarizeFixtures(const FixtureObserved& observed, const FixtureMemory& memory,
                                 const FixturePlan& plan, const Outcomes& outcomes,
                                 const FixtureSettings& settings, WallTime now) {
  const FixtureSet& set = observed.set;
  api::FixtureSetStatus status = set.status;
  status.observed_generation = set.meta.generation;
  ConditionSet conditions(set.status.conditions, set.meta.generation, now);
  if (set.meta.deleting()) {
    return SummarizeDeletion(plan, outcomes, std::move(status), std::move(conditions));
  }
  Judgement judgement;
  if (set.spec.suspend) {
    conditions.SetTrue(condition::kSuspended, reason::kSuspended,
                       "spec.suspend is set: nothing is loaded.");
    judgement.verdict = {Shape::kHalted, reason::kSuspended,
                         "Suspended. Set spec.suspend to false to go on."};
  } else if (plan.refused) {
    conditions.Remove(condition::kSuspended);
    judgement = {MakeVerdict(*plan.refused), DecideRequeue(*plan.refused)};
  } else {
    conditions.Remove(condition::kSuspended);
    std::vector<TenantView> views;
    for (const CoveredTenant& tenant : observed.tenants) {
      views.push_back(View(observed, memory, plan, outcomes, tenant));
    }
    Total(views, &status);
    judgement = Judge(views);
    if (!Any(views, &TenantView::running) && !Any(views, &TenantView::queued)) {
      status.last_handled_reconcile_at = set.meta.Annotation(api::kRequestedAtAnnotation);
    }
  }
  const bool ready = judgement.verdict.shape == Shape::kReady;
  if (ready) {
    conditions.SetTrue(condition::kLoaded, reason::kSucceeded, status.tenants_ready + " tenants");
    if (judgement.requeue == Requeue::Never()) {
      judgement.requeue = Requeue::After(settings.drift_interval);
    }
  } else if (judgement.verdict.shape != Shape::kHalted) {
    conditions.SetFalse(condition::kLoaded, judgement.verdict.reason, judgement.verdict.message);
  }
  conditions.SetVerdict(judgement.verdict);
  status.conditions = std::move(conditions).Take();
  FixtureSummary summary{.status = std::move(status), .events = {}, .requeue = judgement.requeue};
  if (auto event = ReadyEvent(set.status.conditions, summary.status.conditions)) {
    summary.events.push_back(*std::move(event));
  }
  return summary;
}

}  // namespace tenantry::plan
