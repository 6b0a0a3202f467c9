#include "agent/load/table_loader.h"

#include <charconv>
#include <memory>
#include <optional>
#include <utility>

#include "agent/load/catalog.h"
#include "agent/load/diagnose.h"
#include "agent/load/record_reader.h"
#include "agent/load/row_encoder.h"
#include "agent/load/statements.h"
#include "agent/load/transaction.h"
#include "common/api/reasons.h"
#include "common/base/sha256.h"

namespace tenantry::load {
namespace {

constexpr std::size_t kCopyPieceBytes = 128 << 10;

std::int64_t Number(const std::string& text) {
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// The steps of one load, from the first record to the counters, inside of a transaction.
class TableLoad {
 public:
  TableLoad(postgres::Connection& connection, const Job& job, const Table& table,
            ProgressMeter& progress)
      : connection_(connection), job_(job), table_(table), progress_(progress) {}

  Result<api::Counters> Run() {
    reader_ = TRY(RecordReader::Open(HashWhileReading(job_.source.Read(), hash_),
                                     job_.dataset.format, job_.origin));
    const Record* first = TRY(reader_->Next());
    if (first == nullptr) {
      TRY(CheckEmpty());
    } else {
      key_ =
          TRY(ChooseKey(table_, job_.dataset, job_.track, *first, reader_->columns(), job_.origin));
      encoder_.emplace(table_, key_, job_.origin);
      TRY(connection_.ExecuteScript(CreateStaging(table_, key_)));
      TRY(Stage(first));
    }
    if (hash_.Finish() != job_.checksum.sha256) {
      return Error{
          .code = ErrorCode::kConflict,
          .message = Describe(job_.origin, {}) + " changed while it was read. It is loaded again."};
    }
    counters_.read = encoder_ ? encoder_->records() : 0;
    if (counters_.read > 0) {
      TRY(Insert());
    }
    return counters_;
  }

 private:
  FailedLoad failed() const { return {connection_, job_, table_, key_}; }

  // No records: the names of a CSV header can still be wrong.
  Result<void> CheckEmpty() {
    const Key no_key;
    return RowEncoder(table_, no_key, job_.origin).CheckNames(reader_->columns(), {.byte = 0});
  }

  Result<void> Stage(const Record* record) {
    TRY(connection_.ExecuteScript("SAVEPOINT tenantry_copy"));
    TRY(connection_.CopyBegin(CopyIntoStaging(table_, key_)));
    Result<void> fed = Feed(record);
    // After a flaw that the reader has found, too: the server may find one in a record before it.
    if (fed || fed.error().code == ErrorCode::kInvalid) {
      TRY(EndCopy());
    } else {
      connection_.CopyAbort("stopped");
    }
    return fed;
  }

  Result<void> EndCopy() {
    const Result<void> sent = Flush();
    if (!sent) {
      connection_.CopyAbort("stopped");
      return sent;
    }
    Result<std::int64_t> copied = connection_.CopyEnd();
    if (!copied) {
      if (copied.error().code != ErrorCode::kInvalid) {
        return std::move(copied).error();
      }
      TRY(connection_.ExecuteScript("ROLLBACK TO SAVEPOINT tenantry_copy"));
      return ExplainCopyFailure(failed(), std::move(copied).error());
    }
    return {};
  }

  // Sends `record` and all that follow.
  Result<void> Feed(const Record* record) {
    std::int64_t reported = 0;
    for (; record != nullptr; record = TRY(reader_->Next())) {
      TRY(encoder_->Append(*record, reader_->columns()));
      if (encoder_->size() < kCopyPieceBytes) {
        continue;
      }
      TRY(Flush());
      progress_.Add(encoder_->records() - std::exchange(reported, encoder_->records()));
    }
    progress_.Add(encoder_->records() - reported);
    return {};
  }

  Result<void> Flush() {
    if (progress_.stopping()) {
      return Cancelled(job_.origin);
    }
    return connection_.CopyData(encoder_->TakeLines());
  }

  Result<void> Insert() {
    const std::vector<Presence> presence = encoder_->presence();
    const api::Conflict conflict = job_.dataset.conflict;
    const std::optional<std::size_t> cursor = TRY(FindCursor());
    if (conflict != api::Conflict::kError && conflict != api::Conflict::kSkip) {
      const std::string drop =
          cursor ? DropSuperseded(key_, conflict, *cursor) : DropSuperseded(key_);
      counters_.skipped = TRY(connection_.Execute(drop)).affected;
    }
    std::int64_t same = 0;
    if (cursor) {
      same = Number(TRY(connection_.Execute(CountSame(table_, key_, presence))).Text(0));
    }
    if (const std::string lock = LockForUpdate(table_, job_.dataset.conflict); !lock.empty()) {
      TRY(connection_.ExecuteScript(lock));
    }
    const std::string sql = InsertFromStaging(
        table_, key_, presence,
        {.conflict = conflict, .cursor = cursor, .track = job_.track, .last_record = {}});
    std::vector<postgres::Parameter> parameters;
    if (job_.track == TrackRows::kYes) {
      parameters = {job_.tenant.value(), job_.fixture_set, job_.dataset.name, table_.schema,
                    table_.name};
    }
    TRY(connection_.ExecuteScript("SAVEPOINT tenantry_insert"));
    Result<postgres::Rows> written = connection_.Execute(sql, parameters);
    // A deferred constraint shall fail here, where the record can still be found.
    Result<void> holds = written ? connection_.ExecuteScript("SET CONSTRAINTS ALL IMMEDIATE")
                                 : Result<void>(written.error());
    if (!holds) {
      if (holds.error().code != ErrorCode::kInvalid) {
        return holds;
      }
      TRY(connection_.ExecuteScript("ROLLBACK TO SAVEPOINT tenantry_insert"));
      return ExplainInsertFailure(failed(), presence, counters_.read, std::move(holds).error());
    }
    counters_.inserted = Number(written->Text(0, 0));
    counters_.updated = Number(written->Text(0, 1));
    const std::int64_t rest =
        counters_.read - counters_.inserted - counters_.updated - counters_.skipped;
    counters_.unchanged = cursor ? same : conflict == api::Conflict::kSkip ? 0 : rest;
    counters_.skipped += rest - counters_.unchanged;
    return {};
  }

  Result<std::optional<std::size_t>> FindCursor() {
    if (job_.dataset.cursor.empty()) {
      return std::optional<std::size_t>();
    }
    const std::optional<std::size_t> column = table_.Find(job_.dataset.cursor);
    if (!column) {
      return Error{.code = ErrorCode::kInvalid,
                   .message = "Dataset " + job_.origin.dataset + ": cursor names column " +
                              Quoted(job_.dataset.cursor) + ", which table " + table_.schema + "." +
                              table_.name + " lacks. Correct the cursor.",
                   .reason = api::reason::kInvalidSpec};
    }
    return column;
  }

  postgres::Connection& connection_;
  const Job& job_;
  const Table& table_;
  ProgressMeter& progress_;
  Sha256 hash_;
  std::unique_ptr<RecordReader> reader_;
  Key key_;
  std::optional<RowEncoder> encoder_;
  api::Counters counters_;
};

}  // namespace

api::DatasetResult LoadedBefore(const Job& job, const api::Counters& counters) {
  return {.status = {.name = job.dataset.name,
                     .counters = counters,
                     .bytes = job.checksum.bytes,
                     .rows_per_second = 0,
                     .checksum = job.checksum.sha256},
          .skipped_by_hash = true};
}

Result<api::DatasetResult> LoadTable(postgres::Connection& connection, const Job& job,
                                     ProgressMeter& progress) {
  const auto start = std::chrono::steady_clock::now();
  Transaction transaction(connection);
  TRY(transaction.Begin());
  TRY(LockDataset(connection, job));
  if (const std::optional<api::Counters> before = TRY(FindLoaded(connection, job))) {
    return LoadedBefore(job, *before);
  }
  const Table table =
      TRY(DescribeTable(connection, job.schema, job.dataset.target.table, job.origin));
  const api::Counters counters = TRY(TableLoad(connection, job, table, progress).Run());
  TRY(RecordLoaded(connection, job, counters));
  TRY(transaction.Commit());
  return api::DatasetResult{.status = {.name = job.dataset.name,
                                       .counters = counters,
                                       .bytes = job.checksum.bytes,
                                       .rows_per_second = PerSecond(
                                           counters.read, std::chrono::steady_clock::now() - start),
                                       .checksum = job.checksum.sha256},
                            .skipped_by_hash = false};
}

}  // namespace tenantry::load
