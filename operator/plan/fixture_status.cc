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
  std::optional<Error> error;   // failed
  bool waits = false;           // for its Tenant
  bool running = false;
  bool queued = false;          // no room yet
  double fraction = 0;          // of a running load
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

void TakeOutcome(const TenantTaskOutcome& outcome, const std::string& hash, TenantView* view) {
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
    const api::Progress& progress = outcome.task->progress;
    view->running = true;
    view->fraction = progress.total > 0 ? static_cast<double>(progress.done) /
                                              static_cast<double>(progress.total)
                                        : 0;
    if (view->status.loaded_hash != hash) {
      view->status.loaded_hash.clear();
      view->status.message = "Loading";
    }
  }
}

TenantView View(const FixtureObserved& observed, const FixtureMemory& memory,
                const FixturePlan& plan, const Outcomes& outcomes, const CoveredTenant& tenant) {
  TenantView view{.status = Before(observed.set, tenant.name)};
  const auto hash = plan.hashes.find(tenant.name);
  if (tenant.waits_for) {
    view.waits = true;
    view.status.message = tenant.waits_for->message;
    return view;
  }
  if (hash == plan.hashes.end()) {
    return view;
  }
  if (const auto outcome = outcomes.find(tenant.name); outcome != outcomes.end()) {
    TakeOutcome(outcome->second, hash->second, &view);
    return view;
  }
  const auto attempt = memory.attempts.find(tenant.name);
  if (attempt != memory.attempts.end() && attempt->second.hash == hash->second &&
      attempt->second.error) {
    view.error = attempt->second.error;
    view.status.message = attempt->second.error->message;
  } else if (view.status.loaded_hash != hash->second) {
    view.queued = true;
    view.status.loaded_hash.clear();
    view.status.message = "Waits for other loads of this fixture set";
  }
  return view;
}

std::string Percent(double fraction) {
  // Never 100 % before the end.
  return std::to_string(static_cast<int>(std::floor(fraction * 100))) + "%";
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
  status->progress = views.empty() ? "100%" : Percent(done / static_cast<double>(views.size()));
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

Judgement Judge(const std::vector<TenantView>& views) {
  const auto any = [&](bool TenantView::*flag) {
    return std::any_of(views.begin(), views.end(), [&](const auto& view) { return view.*flag; });
  };
  if (any(&TenantView::running) || any(&TenantView::queued)) {
    const bool still_loaded = std::all_of(views.begin(), views.end(), [](const TenantView& view) {
      return view.status.message.empty() && !view.status.loaded_hash.empty();
    });
    if (still_loaded) {  // a volume is looked at again
      return {{Shape::kReady, reason::kSucceeded, "Succeeded"}, Requeue::After(kTaskPoll)};
    }
    return {{Shape::kInProgress, reason::kProgressing,
             "Loading " + Names(views, &TenantView::running)},
            Requeue::After(kProgressPoll)};
  }
  for (const TenantView& view : views) {
    if (view.error) {
      Verdict verdict = MakeVerdict(*view.error);
      verdict.message = "Tenant " + view.status.name + ": " + verdict.message;
      return {verdict, DecideRequeue(*view.error)};
    }
  }
  if (any(&TenantView::waits)) {
    const auto waiting = std::find_if(views.begin(), views.end(),
                                      [](const TenantView& view) { return view.waits; });
    return {{Shape::kRetrying, reason::kDependencyNotReady,
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
  status.conditions = std::move(conditions).Take();
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
  }
  const bool ready = judgement.verdict.shape == Shape::kReady;
  if (ready) {
    status.last_handled_reconcile_at = set.meta.Annotation(api::kRequestedAtAnnotation);
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
