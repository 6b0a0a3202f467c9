#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/api/protocol.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "operator/agents/client.h"
#include "operator/plan/agent_choice.h"
#include "operator/reconcile/work_queue.h"

namespace tenantry::reconcile {

// The tasks that agents do for us right now: which key waits for each, and how it stands. Remembers
// nothing that an agent could not tell again. Thread-safe.
class TaskBoard {
 public:
  // `wake` is called when a task that somebody waits for has changed.
  TaskBoard(std::function<void(const WorkKey&)> wake, const Clock& clock)
      : wake_(std::move(wake)), clock_(clock) {}

  // The agents' client reports here.
  void OnReport(const api::TaskReport& report);

  struct Step {
    api::TaskReport report;
    agents::AgentAddress agent;
  };
  // The task as it stands: submits it where it is new, or where its agent has forgotten it. Tries
  // the candidates in their order while none of them can be reached.
  Result<Step> Run(agents::Client& client, const WorkKey& key, const api::TaskRequest& request,
                   const std::vector<plan::AgentCandidate>& candidates);
  // The task is dealt with; Run would begin it anew. A running one is cancelled. One that succeeded
  // is left to its agent, which forgets it by itself: thousands of them are thousands of calls.
  void Finish(agents::Client& client, const std::string& id);
  // Cancels what still runs for that key (its object is gone).
  void Abandon(agents::Client& client, const WorkKey& key);

 private:
  struct Entry {
    WorkKey key;
    agents::AgentAddress agent;
    api::TaskReport report;
    bool look_again = false;    // the agent may have forgotten it: ask before believing `report`
    std::size_t spec_hash = 0;  // of what it was given: passwords are not in its ID
  };
  // A task that its agent may still have, although nobody is interested any more.
  struct Leftover {
    std::shared_ptr<const agents::AgentAddress> agent;  // thousands have the same
    MonotonicTime until;                                // when the agent has forgotten it
  };

  std::optional<Entry> Known(const std::string& id);
  void RemoveLeftover(agents::Client& client, const std::string& id);
  void KeepLeftover(const std::string& id, const agents::AgentAddress& agent) REQUIRES(mutex_);
  void SweepLeftovers(MonotonicTime now) REQUIRES(mutex_);
  Result<Step> Submit(agents::Client& client, const WorkKey& key, const api::TaskRequest& request,
                      const std::vector<plan::AgentCandidate>& candidates);

  std::function<void(const WorkKey&)> wake_;
  const Clock& clock_;
  Mutex mutex_;
  std::map<std::string, Entry> entries_ GUARDED_BY(mutex_);
  // By their IDs' hashes: there are thousands. The worst that a mix-up brings is a needless Forget.
  std::map<std::size_t, Leftover> leftovers_ GUARDED_BY(mutex_);
  std::shared_ptr<const agents::AgentAddress> last_agent_ GUARDED_BY(mutex_);
  MonotonicTime next_sweep_ GUARDED_BY(mutex_);
};

}  // namespace tenantry::reconcile
