#include "operator/reconcile/task_board.h"

#include <functional>
#include <utility>

#include "common/api/reasons.h"
#include "common/telemetry/log.h"

namespace tenantry::reconcile {
namespace {

// Longer than agents keep a finished task (docs/protocol.md).
constexpr std::chrono::minutes kAgentsKeepTasks{15};
constexpr std::chrono::minutes kSweepPeriod{1};

}  // namespace

void TaskBoard::OnReport(const api::TaskReport& report) {
  std::optional<WorkKey> waiting;
  {
    const MutexLock lock(mutex_);
    const auto found = entries_.find(report.id);
    if (found == entries_.end() || api::IsFinal(found->second.report.state)) {
      return;
    }
    Entry& entry = found->second;
    entry.look_again = report.state == api::TaskState::kQueued;
    // Progress alone wakes nobody: who shows it looks by himself.
    if (entry.look_again || api::IsFinal(report.state)) {
      waiting = entry.key;
    }
    entry.report = report;
  }
  if (waiting) {
    wake_(*waiting);
  }
}

std::optional<TaskBoard::Entry> TaskBoard::Known(const std::string& id) {
  const MutexLock lock(mutex_);
  const auto found = entries_.find(id);
  return found == entries_.end() ? std::nullopt : std::optional(found->second);
}

Result<TaskBoard::Step> TaskBoard::Run(agents::Client& client, const WorkKey& key,
                                       const api::TaskRequest& request,
                                       const std::vector<plan::AgentCandidate>& candidates) {
  std::optional<Entry> known = Known(request.id);
  if (known && known->spec_hash != std::hash<std::string>()(request.spec_json)) {
    Finish(client, request.id);  // its outcome says nothing about what is asked for now
    known.reset();
  }
  if (known && api::IsFinal(known->report.state)) {
    return Step{known->report, known->agent};
  }
  if (known) {
    Result<api::TaskReport> report = client.Get(known->agent, request.id);
    if (report) {
      const MutexLock lock(mutex_);
      entries_[request.id].report = *report;
      entries_[request.id].look_again = false;
      return Step{*std::move(report), known->agent};
    }
    const MutexLock lock(mutex_);
    entries_.erase(request.id);  // forgotten, or out of reach: another agent may do it
  }
  return Submit(client, key, request, candidates);
}

Result<TaskBoard::Step> TaskBoard::Submit(agents::Client& client, const WorkKey& key,
                                          const api::TaskRequest& request,
                                          const std::vector<plan::AgentCandidate>& candidates) {
  RemoveLeftover(client, request.id);  // or its agent would answer with the old success
  Error last{ErrorCode::kUnavailable,
             "No agent serves this DataStore. Start one, and name it in spec.agents.endpoints or "
             "label its Pod with tenantry.dev/agent.",
             api::reason::kAgentUnreachable};
  agents::AgentAddress asked;
  for (const plan::AgentCandidate& candidate : candidates) {
    const agents::AgentAddress agent{candidate.name, candidate.url};
    {  // before Submit: its first event may overtake the answer
      const MutexLock lock(mutex_);
      entries_.insert_or_assign(request.id,
                                Entry{.key = key,
                                      .agent = agent,
                                      .report = {.id = request.id, .kind = request.kind},
                                      .spec_hash = std::hash<std::string>()(request.spec_json)});
    }
    Result<api::TaskReport> report = client.Submit(agent, request);
    const MutexLock lock(mutex_);
    if (report) {
      Entry& entry = entries_[request.id];
      if (!api::IsFinal(entry.report.state)) {
        entry.report = *report;
      }
      return Step{entry.report, agent};
    }
    entries_.erase(request.id);
    last = report.error();
    asked = agent;
    if (last.code != ErrorCode::kUnavailable) {
      break;
    }
  }
  if (last.code == ErrorCode::kConflict) {
    // An older task of that name with another body: it is not ours to wait for any more.
    if (const auto forgot = client.Forget(asked, request.id); !forgot) {
      log::Warn("cannot cancel an outdated task",
                {{"task", request.id}, {"error", forgot.error().message}});
    }
  }
  return last;
}

void TaskBoard::KeepLeftover(const std::string& id, const agents::AgentAddress& agent) {
  const MonotonicTime now = clock_.Monotonic();
  SweepLeftovers(now);
  if (last_agent_ == nullptr || *last_agent_ != agent) {
    last_agent_ = std::make_shared<const agents::AgentAddress>(agent);
  }
  leftovers_.insert_or_assign(std::hash<std::string>()(id),
                              Leftover{last_agent_, now + kAgentsKeepTasks});
}

void TaskBoard::SweepLeftovers(MonotonicTime now) {
  if (now < next_sweep_) {
    return;
  }
  next_sweep_ = now + kSweepPeriod;
  std::erase_if(leftovers_, [&](const auto& entry) { return entry.second.until <= now; });
}

void TaskBoard::RemoveLeftover(agents::Client& client, const std::string& id) {
  std::optional<Leftover> leftover;
  {
    const MutexLock lock(mutex_);
    const auto found = leftovers_.find(std::hash<std::string>()(id));
    if (found == leftovers_.end()) {
      return;
    }
    leftover = found->second;
    leftovers_.erase(found);
  }
  if (const auto forgot = client.Forget(*leftover->agent, id); !forgot) {
    log::Debug("an agent keeps a finished task", {{"task", id}, {"error", forgot.error().message}});
  }
}

void TaskBoard::Finish(agents::Client& client, const std::string& id) {
  const std::optional<Entry> known = Known(id);
  if (!known) {
    return;
  }
  if (known->report.state == api::TaskState::kSucceeded) {
    const MutexLock lock(mutex_);
    entries_.erase(id);
    KeepLeftover(id, known->agent);
    return;
  }
  if (const auto forgot = client.Forget(known->agent, id); !forgot) {
    log::Debug("an agent keeps a finished task", {{"task", id}, {"error", forgot.error().message}});
  }
  const MutexLock lock(mutex_);
  entries_.erase(id);
}

void TaskBoard::Abandon(agents::Client& client, const WorkKey& key) {
  std::vector<std::string> ids;
  {
    const MutexLock lock(mutex_);
    for (const auto& [id, entry] : entries_) {
      if (entry.key == key) {
        ids.push_back(id);
      }
    }
  }
  for (const std::string& id : ids) {
    Finish(client, id);
  }
}

}  // namespace tenantry::reconcile
