#include "agent/load/bulk_lane.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace tenantry::load {
namespace {

constexpr int kAttempts = 8;
constexpr std::chrono::milliseconds kFirstDelay{100};
constexpr std::chrono::milliseconds kLongestDelay{10'000};

bool IsTransient(ErrorCode code) {
  return code == ErrorCode::kUnavailable || code == ErrorCode::kOutcomeUnknown;
}

// True: the time is over. False: stopped.
bool Pause(std::chrono::milliseconds time, const std::stop_token& stop) {
  Mutex mutex;
  ConditionVariable changed;
  const MutexLock lock(mutex);
  changed.wait_for(mutex, stop, time, [] { return false; });
  return !stop.stop_requested();
}

Error Stopped() { return {.code = ErrorCode::kCancelled, .message = "The load was stopped."}; }

}  // namespace

Lane::Lane(const LaneJob& job, std::unique_ptr<postgres::Connection> session, std::stop_token stop)
    : job_(job),
      connection_(std::move(session)),
      writer_(connection_ ? std::make_unique<BulkWriter>(*connection_, job_.target, job_.table,
                                                         job_.options)
                          : nullptr),
      thread_([this, stop = std::move(stop)] { Run(stop); }) {}

Lane::~Lane() {
  {
    const MutexLock lock(mutex_);
    no_more_ = true;
    waiting_.reset();
  }
  changed_.notify_all();
}

Result<void> Lane::Submit(Part part, std::shared_ptr<const BulkPlan> plan) {
  const MutexLock lock(mutex_);
  changed_.wait(mutex_, [&]() REQUIRES(mutex_) { return !waiting_ || error_; });
  if (error_) {
    return *error_;
  }
  waiting_.emplace(Task{std::move(part), std::move(plan)});
  changed_.notify_all();
  return {};
}

Result<void> Lane::Finish() {
  const MutexLock lock(mutex_);
  no_more_ = true;
  changed_.notify_all();
  changed_.wait(mutex_, [&]() REQUIRES(mutex_) { return ended_; });
  return error_ ? Result<void>(*error_) : Result<void>();
}

void Lane::SetLastStep(LastStep step) {
  const MutexLock lock(mutex_);
  last_step_ = std::move(step);
}

api::Counters Lane::counters() const {
  const MutexLock lock(mutex_);
  return counters_;
}

void Lane::Run(const std::stop_token& stop) {
  while (std::optional<Task> task = NextTask()) {
    if (Result<void> written = WriteWithRetries(*task, stop); !written) {
      Fail(std::move(written).error());
      break;
    }
  }
  if (Result<void> ended = End(); !ended) {
    Fail(std::move(ended).error());
  }
  const MutexLock lock(mutex_);
  ended_ = true;
  changed_.notify_all();
}

std::optional<Lane::Task> Lane::NextTask() {
  const MutexLock lock(mutex_);
  changed_.wait(mutex_, [&]() REQUIRES(mutex_) { return waiting_ || no_more_; });
  std::optional<Task> task = std::exchange(waiting_, std::nullopt);
  changed_.notify_all();
  return task;
}

void Lane::Fail(Error error) {
  const MutexLock lock(mutex_);
  if (!error_) {
    error_ = std::move(error);
  }
  changed_.notify_all();
}

Result<void> Lane::WriteWithRetries(const Task& task, const std::stop_token& stop) {
  std::chrono::milliseconds delay = kFirstDelay;
  rejects_logged_ = false;
  for (int attempt = 1;; ++attempt) {
    if (stop.stop_requested()) {
      return Stopped();
    }
    Result<void> connected = connection_ ? Result<void>() : Connect(stop);
    Result<api::Counters> written =
        connected ? WriteOnce(task, attempt > 1 ? Attempt::kAgain : Attempt::kFirst)
                  : Result<api::Counters>(std::move(connected).error());
    if (written) {
      const MutexLock lock(mutex_);
      counters_ += *written;
      return {};
    }
    writer_.reset();
    connection_.reset();
    const bool again = IsTransient(written.error().code) && attempt < kAttempts &&
                       job_.commit == CommitMode::kEachPart;
    if (!again) {
      return std::move(written).error();
    }
    if (!Pause(delay, stop)) {
      return Stopped();
    }
    delay = std::min(delay * 2, kLongestDelay);
  }
}

Result<void> Lane::Connect(const std::stop_token& stop) {
  connection_ = TRY(OpenLoadSession(job_.target, stop));
  writer_ = std::make_unique<BulkWriter>(*connection_, job_.target, job_.table, job_.options);
  in_transaction_ = false;
  return {};
}

// An earlier attempt may have committed before its session broke.
Result<std::optional<api::Counters>> Lane::FindCommitted(const Part& part) {
  if (job_.commit != CommitMode::kEachPart) {
    return std::optional<api::Counters>();
  }
  const CommittedParts parts = TRY(FindParts(*connection_, job_.load));
  const auto found = parts.find({part.chunk->number, part.lane});
  return found == parts.end() ? std::optional<api::Counters>()
                              : std::optional<api::Counters>(found->second.counters);
}

Result<api::Counters> Lane::WriteOnce(const Task& task, Attempt attempt) {
  if (attempt == Attempt::kAgain) {
    if (const std::optional<api::Counters> committed = TRY(FindCommitted(task.part))) {
      return *committed;
    }
  }
  if (!in_transaction_) {
    TRY(connection_->Begin());
    in_transaction_ = job_.commit != CommitMode::kEachPart;
    // A load takes as long as it takes; constraints speak while their record can still be found.
    TRY(connection_->ExecuteScript(
        "SET LOCAL statement_timeout = 0; SET CONSTRAINTS ALL IMMEDIATE"));
  }
  Result<api::Counters> written = WriteInTransaction(task);
  if (!written && job_.commit == CommitMode::kEachPart) {
    connection_->Rollback();
  }
  return written;
}

Result<api::Counters> Lane::WriteInTransaction(const Task& task) {
  Written written = TRY(writer_->Write(task.part, *task.plan));
  if (job_.commit == CommitMode::kEachPart) {
    Written held = TRY(writer_->WriteHeld());
    written.counters += held.counters;
    std::move(held.rejects.begin(), held.rejects.end(), std::back_inserter(written.rejects));
  }
  written.counters.read = task.part.read;
  std::vector<Reject> rejects = task.part.rejects;
  std::move(written.rejects.begin(), written.rejects.end(), std::back_inserter(rejects));
  std::stable_sort(rejects.begin(), rejects.end(),
                   [](const Reject& a, const Reject& b) { return a.record < b.record; });
  written.counters.rejected = static_cast<std::int64_t>(rejects.size());
  if (!std::exchange(rejects_logged_, true)) {
    TRY(job_.rejects.Add(task.part, rejects, task.part.read));
  }
  last_chunk_ = task.part.chunk;
  if (job_.commit == CommitMode::kEachPart) {
    TRY(RecordPart(*connection_, job_.load, task.part, written.counters));
    TRY(connection_->Commit());
  }
  return written.counters;
}

Result<void> Lane::EndHeld() {
  const Written held = TRY(writer_->WriteHeld());
  api::Counters counters = held.counters;
  counters.rejected = static_cast<std::int64_t>(held.rejects.size());
  {
    const MutexLock lock(mutex_);
    counters_ += counters;
  }
  return job_.rejects.Add({.chunk = last_chunk_}, held.rejects, 0);
}

Result<void> Lane::End() {
  if (!connection_ || !in_transaction_) {
    return {};
  }
  if (!failed()) {
    if (Result<void> done = EndHeld(); !done) {
      connection_->Rollback();
      return done;
    }
  }
  if (job_.commit == CommitMode::kAtEnd && !failed()) {
    LastStep last_step;
    {
      const MutexLock lock(mutex_);
      last_step = std::move(last_step_);
    }
    Result<void> done = last_step ? last_step(*connection_) : Result<void>();
    if (done) {
      return connection_->Commit();
    }
    connection_->Rollback();
    return done;
  }
  connection_->Rollback();
  return {};
}

bool Lane::failed() const {
  const MutexLock lock(mutex_);
  return error_.has_value();
}

}  // namespace tenantry::load
