#include "agent/tasks/runner.h"

#include <algorithm>
#include <exception>
#include <system_error>
#include <thread>
#include <typeinfo>
#include <utility>

#include "agent/tasks/task_metrics.h"
#include "agent/tasks/task_record.h"
#include "agent/tasks/task_table.h"
#include "common/base/mutex.h"
#include "common/base/strings.h"
#include "common/telemetry/log.h"

namespace tenantry::agent {
namespace {

constexpr std::chrono::milliseconds kProgressInterval{100};

Error TooBusy(const std::string& why) {
  return Error{.code = ErrorCode::kUnavailable, .message = why + "; try again later"};
}

// The runner's state and threads. Shared with subscriptions, which may outlive the runner.
class Core {
 public:
  Core(RunnerOptions options, TaskHandlers handlers, const Clock& clock)
      : options_(options), handlers_(std::move(handlers)), clock_(clock), metrics_(options) {}

  Result<TaskRunner::Submitted> Submit(api::TaskRequest request) EXCLUDES(mutex_);
  Result<api::TaskReport> Get(const std::string& id) EXCLUDES(mutex_);
  Result<api::TaskReport> Delete(const std::string& id) EXCLUDES(mutex_);
  std::vector<api::TaskReport> List() EXCLUDES(mutex_);
  void Stop() EXCLUDES(mutex_);

  struct Changes {
    std::vector<api::TaskReport> reports;
    std::uint64_t version = 0;
  };
  // What changed after `version`; waits at most `patience` when nothing has.
  Changes WaitForChanges(std::uint64_t version, std::chrono::milliseconds patience)
      EXCLUDES(mutex_);

 private:
  class Context;

  Result<void> CheckRoom(std::size_t spec_bytes) REQUIRES(mutex_);
  Result<void> StartThreads() REQUIRES(mutex_);
  void WorkLoop();
  void TimeLoop();
  TaskPointer WaitForTask() EXCLUDES(mutex_);
  TaskOutcome Run(TaskRecord& task) EXCLUDES(mutex_);
  void Finish(TaskRecord& task, TaskOutcome outcome) EXCLUDES(mutex_);
  void StopTask(const TaskPointer& task, StopReason reason) REQUIRES(mutex_);
  void Sweep() EXCLUDES(mutex_);
  std::chrono::milliseconds TimeToNextSweep() REQUIRES(mutex_);

  const RunnerOptions options_;
  const TaskHandlers handlers_;
  const Clock& clock_;
  TaskMetrics metrics_;

  Mutex mutex_;
  ConditionVariable work_;     // a task may be runnable, or the runner stops
  ConditionVariable changed_;  // a report changed
  ConditionVariable timing_;   // there may be an earlier deadline, or the runner stops
  TaskTable tasks_ GUARDED_BY(mutex_);
  std::vector<TaskPointer> to_stop_ GUARDED_BY(mutex_);  // running ones, for the next Sweep
  std::size_t idle_threads_ GUARDED_BY(mutex_) = 0;
  bool is_stopping_ GUARDED_BY(mutex_) = false;
  std::vector<std::thread> workers_ GUARDED_BY(mutex_);
  std::thread timer_ GUARDED_BY(mutex_);
};

class Core::Context final : public TaskContext {
 public:
  Context(Core& core, TaskRecord& task) : core_(core), task_(task) {}

  std::stop_token stop() const override { return task_.stop.get_token(); }

  void ReportProgress(const api::Progress& progress) override {
    const MutexLock own_lock(mutex_);
    newest_ = progress;
    const auto now = std::chrono::steady_clock::now();
    if (now - published_ < kProgressInterval) {
      return;
    }
    published_ = now;
    const MutexLock lock(core_.mutex_);
    task_.report.progress = progress;
    core_.tasks_.Touch(task_);
    core_.changed_.notify_all();
  }

  api::Progress newest() {
    const MutexLock lock(mutex_);
    return newest_;
  }

 private:
  Core& core_;
  TaskRecord& task_;
  Mutex mutex_;
  api::Progress newest_ GUARDED_BY(mutex_);
  MonotonicTime published_ GUARDED_BY(mutex_);
};

Result<TaskRunner::Submitted> Core::Submit(api::TaskRequest request) {
  Sweep();
  if (!handlers_.contains(request.kind)) {
    return Error{.code = ErrorCode::kInvalid,
                 .message = std::string("This agent does not do ") + api::ToString(request.kind) +
                            " tasks; use an agent of the operator's version.",
                 .reason = "AgentVersionSkew"};
  }
  std::string digest = BodyDigest(request);
  const MutexLock lock(mutex_);
  if (const TaskPointer known = tasks_.Find(request.id)) {
    WipeSpec(request);
    if (known->digest != digest) {
      return Error{.code = ErrorCode::kConflict,
                   .message = "Task " + request.id +
                              " exists with another body; give this one an id of its own."};
    }
    return TaskRunner::Submitted{.report = known->report};
  }
  if (Result<void> room = CheckRoom(request.spec_json.size()); !room) {
    WipeSpec(request);
    return std::move(room).error();
  }
  const TaskPointer task = tasks_.Add(std::move(request), std::move(digest));
  work_.notify_one();
  timing_.notify_one();
  changed_.notify_all();
  return TaskRunner::Submitted{.report = task->report, .is_new = true};
}

Result<void> Core::CheckRoom(std::size_t spec_bytes) {
  if (is_stopping_) {
    return TooBusy("the agent is stopping");
  }
  if (tasks_.size() >= options_.max_tasks) {
    return TooBusy("the agent knows " + std::to_string(tasks_.size()) +
                   " tasks, as many as it may");
  }
  if (tasks_.spec_bytes() + spec_bytes > options_.max_spec_bytes) {
    return TooBusy("the agent's waiting tasks are too large together");
  }
  return StartThreads();
}

// The timer with the first task, one more worker when all are busy.
Result<void> Core::StartThreads() {
  const auto limit = static_cast<std::size_t>(std::max(options_.max_concurrent_tasks, 1));
  try {
    if (!timer_.joinable()) {
      timer_ = std::thread([this] { TimeLoop(); });
    }
    if (workers_.size() < limit && tasks_.queued() >= idle_threads_) {
      workers_.emplace_back([this] { WorkLoop(); });
    }
  } catch (const std::system_error&) {
    if (workers_.empty() || !timer_.joinable()) {
      return TooBusy("the agent has no thread for the task");
    }
  }
  return {};
}

Result<api::TaskReport> Core::Get(const std::string& id) {
  Sweep();
  const MutexLock lock(mutex_);
  if (const TaskPointer task = tasks_.Find(id)) {
    return task->report;
  }
  return Error{.code = ErrorCode::kNotFound,
               .message = "This agent knows no task " + Shorten(id, 200) + "; submit it again."};
}

Result<api::TaskReport> Core::Delete(const std::string& id) {
  api::TaskReport report = TRY(Get(id));
  {
    const MutexLock lock(mutex_);
    const TaskPointer task = tasks_.Find(id);
    if (task == nullptr) {
      return report;
    }
    if (api::IsFinal(task->report.state)) {
      tasks_.Forget(id);
    } else {
      StopTask(task, StopReason::kCancelled);
    }
    report = task->report;
  }
  Sweep();
  return report;
}

std::vector<api::TaskReport> Core::List() {
  Sweep();
  const MutexLock lock(mutex_);
  return tasks_.List();
}

Core::Changes Core::WaitForChanges(std::uint64_t version, std::chrono::milliseconds patience) {
  Sweep();
  const auto deadline = std::chrono::steady_clock::now() + patience;
  const MutexLock lock(mutex_);
  while (tasks_.version() == version &&
         changed_.wait_until(mutex_, deadline) != std::cv_status::timeout) {
  }
  return {.reports = tasks_.ChangedSince(version), .version = tasks_.version()};
}

// A queued task ends here and now; a running one is told by the next Sweep.
void Core::StopTask(const TaskPointer& task, StopReason reason) {
  if (task->stop_reason != StopReason::kNone) {
    return;
  }
  task->stop_reason = reason;
  if (task->report.state == api::TaskState::kRunning) {
    to_stop_.push_back(task);
    return;
  }
  const Error stopped{.code = ErrorCode::kCancelled, .message = ""};
  tasks_.End(*task, DecideEnding(stopped, reason), clock_.Monotonic());
  changed_.notify_all();
}

// Forgets old tasks, sees to deadlines, and tells running tasks to stop: without the lock, because
// their stop callbacks may take time. Called before each use and by the timer.
void Core::Sweep() {
  std::vector<TaskPointer> to_stop;
  {
    const MutexLock lock(mutex_);
    const WallTime now = clock_.Now();
    tasks_.ForgetEndedBefore(clock_.Monotonic() - options_.keep_finished);
    for (const TaskPointer& task : tasks_.Unfinished()) {
      if (task->request.deadline && *task->request.deadline <= now) {
        StopTask(task, StopReason::kDeadline);
      }
    }
    to_stop.swap(to_stop_);
  }
  for (const TaskPointer& task : to_stop) {
    task->stop.request_stop();
  }
}

// Until the next deadline; bounded, because tasks are forgotten and the wall clock may be set.
std::chrono::milliseconds Core::TimeToNextSweep() {
  std::chrono::milliseconds next =
      tasks_.size() == 0 ? std::chrono::hours(1) : std::chrono::seconds(5);
  const WallTime now = clock_.Now();
  for (const TaskPointer& task : tasks_.Unfinished()) {
    if (task->request.deadline && task->stop_reason == StopReason::kNone) {
      const auto left = std::max(*task->request.deadline - now, WallTime::duration(0));
      next = std::min(next, std::chrono::ceil<std::chrono::milliseconds>(left));
    }
  }
  return next;
}

void Core::TimeLoop() {
  for (;;) {
    Sweep();
    const MutexLock lock(mutex_);
    if (is_stopping_) {
      return;
    }
    timing_.wait_for(mutex_, TimeToNextSweep());
  }
}

TaskPointer Core::WaitForTask() {
  const MutexLock lock(mutex_);
  while (!is_stopping_) {
    if (TaskPointer task = tasks_.TakeRunnable(clock_.Monotonic())) {
      changed_.notify_all();
      return task;
    }
    ++idle_threads_;
    work_.wait(mutex_);
    --idle_threads_;
  }
  return nullptr;
}

void Core::WorkLoop() {
  while (const TaskPointer task = WaitForTask()) {
    metrics_.OnStart();
    TaskOutcome outcome = Run(*task);
    Finish(*task, std::move(outcome));
  }
}

// What a handler throws is a bug of ours. Its text may quote the spec, so only its type is told.
TaskOutcome Core::Run(TaskRecord& task) {
  Context context(*this, task);
  TaskOutcome outcome;
  const char* thrown = nullptr;
  try {
    outcome = handlers_.at(task.request.kind)(task.request, context);
  } catch (const std::exception& error) {
    thrown = typeid(error).name();
  } catch (...) {
    thrown = "unknown";
  }
  if (thrown != nullptr) {
    log::Error("task handler threw an exception",
               {{"task", task.request.id}, {"exception", thrown}});
    outcome.error = Error{.code = ErrorCode::kInternal,
                          .message = "The agent failed by an unexpected error; its log says more.",
                          .reason = "InternalError"};
  }
  const MutexLock lock(mutex_);
  task.report.progress = context.newest();
  return outcome;
}

void Core::Finish(TaskRecord& task, TaskOutcome outcome) {
  api::TaskReport report;
  MonotonicTime::duration duration{};
  {
    const MutexLock lock(mutex_);
    task.report.result_json = std::move(outcome.result_json);
    tasks_.End(task, DecideEnding(outcome.error, task.stop_reason), clock_.Monotonic());
    changed_.notify_all();
    work_.notify_all();
    report = task.report;
    duration = task.ended - task.started;
  }
  metrics_.OnEnd(report, duration);
  const double seconds = std::chrono::duration<double>(duration).count();
  if (report.error) {
    log::Warn("task failed", {{"task", report.id},
                              {"kind", api::ToString(report.kind)},
                              {"tenant", report.tenant.value()},
                              {"duration", seconds},
                              {"error", report.error->message}});
  } else {
    log::Info("task ended", {{"task", report.id},
                             {"kind", api::ToString(report.kind)},
                             {"tenant", report.tenant.value()},
                             {"outcome", api::ToString(report.state)},
                             {"duration", seconds}});
  }
}

void Core::Stop() {
  std::vector<std::thread> threads;
  {
    const MutexLock lock(mutex_);
    is_stopping_ = true;
    for (const TaskPointer& task : tasks_.Unfinished()) {
      StopTask(task, StopReason::kAgentStops);
    }
    threads.swap(workers_);
    if (timer_.joinable()) {
      threads.push_back(std::move(timer_));
    }
    work_.notify_all();
    timing_.notify_all();
  }
  Sweep();
  for (std::thread& thread : threads) {
    thread.join();
  }
}

class CoreSubscription final : public TaskRunner::Subscription {
 public:
  explicit CoreSubscription(std::shared_ptr<Core> core) : core_(std::move(core)) {}

  std::vector<api::TaskReport> Next(std::chrono::milliseconds patience) override {
    Core::Changes changes = core_->WaitForChanges(version_, patience);
    version_ = changes.version;
    return std::move(changes.reports);
  }

 private:
  const std::shared_ptr<Core> core_;
  std::uint64_t version_ = 0;
};

class ThreadedTaskRunner final : public TaskRunner {
 public:
  explicit ThreadedTaskRunner(std::shared_ptr<Core> core) : core_(std::move(core)) {}
  ~ThreadedTaskRunner() override { core_->Stop(); }

  Result<Submitted> Submit(api::TaskRequest request) override {
    return core_->Submit(std::move(request));
  }
  Result<api::TaskReport> Get(const std::string& id) override { return core_->Get(id); }
  Result<api::TaskReport> Delete(const std::string& id) override { return core_->Delete(id); }
  std::vector<api::TaskReport> List() override { return core_->List(); }
  std::unique_ptr<Subscription> Subscribe() override {
    return std::make_unique<CoreSubscription>(core_);
  }
  void Stop() override { core_->Stop(); }

 private:
  const std::shared_ptr<Core> core_;
};

}  // namespace

std::unique_ptr<TaskRunner> TaskRunner::Make(RunnerOptions options, TaskHandlers handlers,
                                             const Clock& clock) {
  return std::make_unique<ThreadedTaskRunner>(
      std::make_shared<Core>(options, std::move(handlers), clock));
}

}  // namespace tenantry::agent
