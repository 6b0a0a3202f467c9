#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <thread>

#include "agent/load/bulk_chunk.h"
#include "agent/load/bulk_plan.h"
#include "agent/load/bulk_rejects.h"
#include "agent/load/bulk_session.h"
#include "agent/load/bulk_writer.h"
#include "common/base/mutex.h"
#include "common/base/result.h"

namespace tenantry::load {

// When what a lane has written becomes visible.
enum class CommitMode {
  kEachPart,  // with its checkpoint
  kAtEnd,     // all or nothing, without checkpoints; one lane only
  kNever,     // a dry run
};

struct LaneJob {
  BulkTarget target;
  const Table& table;
  const BulkOptions& options;
  LoadIdentity load;
  CommitMode commit = CommitMode::kEachPart;
  RejectLog& rejects;
};

// One session with a thread of its own, which writes parts one after the other while the loading
// thread makes the next ones. A session that breaks is opened again: the checkpoint tells whether
// the part at hand was committed.
class Lane {
 public:
  // Stops soon after `stop`, between parts or within one (which is rolled back then).
  // With `session` it works in that one; otherwise it opens its own.
  Lane(const LaneJob& job, std::unique_ptr<postgres::Connection> session, std::stop_token stop);
  ~Lane();
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  // Waits while a part waits already. The lane's error, when it has failed.
  Result<void> Submit(Part part, std::shared_ptr<const BulkPlan> plan);
  // Waits for the end of all parts. With kAtEnd: commits, unless the lane was stopped or failed.
  Result<void> Finish();
  // With kAtEnd: called on the lane's thread as the last thing before the commit, in its
  // transaction.
  using LastStep = std::function<Result<void>(postgres::Connection&)>;
  void SetLastStep(LastStep step);
  // The session, after Finish(); null: it broke.
  std::unique_ptr<postgres::Connection> TakeSession() { return std::move(connection_); }
  // Nothing more is written, and with kAtEnd nothing stays.
  void Abandon() { Fail({.code = ErrorCode::kCancelled, .message = "The load was given up."}); }
  // Of what is written, and committed unless the mode says otherwise.
  api::Counters counters() const;

 private:
  struct Task {
    Part part;
    std::shared_ptr<const BulkPlan> plan;
  };

  void Run(const std::stop_token& stop);
  std::optional<Task> NextTask();
  Result<void> WriteWithRetries(const Task& task, const std::stop_token& stop);
  enum class Attempt { kFirst, kAgain };
  Result<api::Counters> WriteOnce(const Task& task, Attempt attempt);
  Result<api::Counters> WriteInTransaction(const Task& task);
  Result<void> Connect(const std::stop_token& stop);
  Result<std::optional<api::Counters>> FindCommitted(const Part& part);
  Result<void> EndHeld();
  Result<void> End();
  void Fail(Error error);
  bool failed() const;

  const LaneJob job_;
  std::unique_ptr<postgres::Connection> connection_;  // of the lane's thread
  std::unique_ptr<BulkWriter> writer_;
  bool in_transaction_ = false;
  std::shared_ptr<const ChunkText> last_chunk_;
  bool rejects_logged_ = false;  // of the part at hand

  mutable Mutex mutex_;
  ConditionVariable changed_;
  std::optional<Task> waiting_ GUARDED_BY(mutex_);
  bool no_more_ GUARDED_BY(mutex_) = false;
  bool ended_ GUARDED_BY(mutex_) = false;
  std::optional<Error> error_ GUARDED_BY(mutex_);
  api::Counters counters_ GUARDED_BY(mutex_);
  LastStep last_step_ GUARDED_BY(mutex_);

  std::jthread thread_;  // last: ends before what it uses
};

}  // namespace tenantry::load
