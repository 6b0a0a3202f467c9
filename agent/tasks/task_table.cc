#include "agent/tasks/task_table.h"

#include <algorithm>
#include <utility>

namespace tenantry::agent {
namespace {

template <class Order>
std::vector<api::TaskReport> ReportsBy(std::vector<TaskPointer> tasks, const Order& order) {
  std::sort(tasks.begin(), tasks.end(),
            [&order](const auto& a, const auto& b) { return order(*a) < order(*b); });
  std::vector<api::TaskReport> reports;
  reports.reserve(tasks.size());
  for (const TaskPointer& task : tasks) {
    reports.push_back(task->report);
  }
  return reports;
}

}  // namespace

TaskPointer TaskTable::Find(const std::string& id) const {
  const auto found = tasks_.find(id);
  return found == tasks_.end() ? nullptr : found->second;
}

TaskPointer TaskTable::Add(api::TaskRequest request, std::string digest) {
  auto task = std::make_shared<TaskRecord>();
  task->digest = std::move(digest);
  task->report = {.id = request.id, .kind = request.kind, .tenant = request.tenant};
  task->order = ++submitted_;
  spec_bytes_ += request.spec_json.size();
  task->request = std::move(request);
  tasks_.emplace(task->report.id, task);
  queue_.push_back(task);
  Touch(*task);
  return task;
}

void TaskTable::ForgetEndedBefore(MonotonicTime time) {
  std::erase_if(tasks_, [time](const auto& entry) {
    return api::IsFinal(entry.second->report.state) && entry.second->ended <= time;
  });
}

TaskPointer TaskTable::TakeRunnable(MonotonicTime now) {
  const auto next = std::find_if(queue_.begin(), queue_.end(), [this](const TaskPointer& task) {
    return !busy_tenants_.contains(task->report.tenant);
  });
  if (next == queue_.end()) {
    return nullptr;
  }
  TaskPointer task = std::move(*next);
  queue_.erase(next);
  if (!task->report.tenant.empty()) {
    busy_tenants_.insert(task->report.tenant);
  }
  task->report.state = api::TaskState::kRunning;
  task->started = now;
  Touch(*task);
  return task;
}

void TaskTable::End(TaskRecord& task, const Ending& ending, MonotonicTime now) {
  if (task.report.state == api::TaskState::kRunning) {
    busy_tenants_.erase(task.report.tenant);
  } else {
    std::erase_if(queue_, [&task](const TaskPointer& queued) { return queued.get() == &task; });
  }
  task.report.state = ending.state;
  task.report.error = ending.error;
  task.ended = now;
  spec_bytes_ -= task.request.spec_json.size();
  WipeSpec(task.request);
  Touch(task);
}

std::vector<api::TaskReport> TaskTable::List() const {
  std::vector<TaskPointer> tasks;
  for (const auto& [id, task] : tasks_) {
    tasks.push_back(task);
  }
  return ReportsBy(std::move(tasks), [](const TaskRecord& task) { return task.order; });
}

std::vector<api::TaskReport> TaskTable::ChangedSince(std::uint64_t version) const {
  std::vector<TaskPointer> tasks;
  for (const auto& [id, task] : tasks_) {
    if (task->version > version) {
      tasks.push_back(task);
    }
  }
  return ReportsBy(std::move(tasks), [](const TaskRecord& task) { return task.version; });
}

std::vector<TaskPointer> TaskTable::Unfinished() const {
  std::vector<TaskPointer> tasks;
  for (const auto& [id, task] : tasks_) {
    if (!api::IsFinal(task->report.state)) {
      tasks.push_back(task);
    }
  }
  return tasks;
}

}  // namespace tenantry::agent
