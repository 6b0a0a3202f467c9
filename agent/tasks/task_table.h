#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "agent/tasks/task_record.h"
#include "common/base/clock.h"
#include "common/base/result.h"

namespace tenantry::agent {

// The tasks that the runner knows, in which order they run and what changed since when. Holds no
// thread, clock or lock: the runner guards it.
class TaskTable {
 public:
  // Null: there is none.
  TaskPointer Find(const std::string& id) const;
  // A new, queued task; its id is not known yet.
  TaskPointer Add(api::TaskRequest request, std::string digest);
  void Forget(const std::string& id) { tasks_.erase(id); }
  void ForgetEndedBefore(MonotonicTime time);

  // The first queued task whose tenant has none running, now running; null: there is none.
  TaskPointer TakeRunnable(MonotonicTime now);
  // Any task, queued or running, ends; its spec is wiped.
  void End(TaskRecord& task, const Ending& ending, MonotonicTime now);
  // The task's report has changed.
  void Touch(TaskRecord& task) { task.version = ++version_; }

  std::vector<api::TaskReport> List() const;                               // as submitted
  std::vector<api::TaskReport> ChangedSince(std::uint64_t version) const;  // oldest change first
  std::vector<TaskPointer> Unfinished() const;

  std::uint64_t version() const { return version_; }  // of the newest change
  std::size_t size() const { return tasks_.size(); }
  std::size_t queued() const { return queue_.size(); }
  std::size_t spec_bytes() const { return spec_bytes_; }  // of unfinished tasks together

 private:
  std::map<std::string, TaskPointer> tasks_;
  std::deque<TaskPointer> queue_;
  std::set<api::TenantId> busy_tenants_;
  std::size_t spec_bytes_ = 0;
  std::uint64_t version_ = 0;
  std::uint64_t submitted_ = 0;
};

}  // namespace tenantry::agent
