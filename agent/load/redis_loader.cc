#include "agent/load/redis_loader.h"

#include <charconv>
#include <functional>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/load/catalog.h"
#include "agent/load/content_hash.h"
#include "agent/load/copy_text.h"
#include "agent/load/record_stream.h"
#include "agent/load/redis_record.h"
#include "agent/load/table_loader.h"
#include "agent/load/transaction.h"
#include "common/base/sha256.h"
#include "common/base/strings.h"

namespace tenantry::load {
namespace {

constexpr std::size_t kBatchItems = 500;
constexpr std::size_t kBatchBytes = 256 << 10;

// Outlives transactions: the keys are needed again after the one that notes them.
constexpr char kCreateStaging[] =
    "CREATE TEMPORARY TABLE pg_temp.tenantry_keys"
    " (record bigint PRIMARY KEY, redis_key text NOT NULL, is_new boolean NOT NULL DEFAULT false)";
constexpr char kDropStaging[] = "DROP TABLE IF EXISTS pg_temp.tenantry_keys";
constexpr char kCopy[] = "COPY pg_temp.tenantry_keys (record, redis_key) FROM STDIN";
constexpr char kFindTwin[] =
    "SELECT record, first FROM (SELECT record, min(record) OVER (PARTITION BY redis_key) AS first"
    " FROM pg_temp.tenantry_keys) AS k WHERE record > first ORDER BY record LIMIT 1";
constexpr char kKeepFirst[] =
    "DELETE FROM pg_temp.tenantry_keys k USING (SELECT redis_key, min(record) AS kept"
    " FROM pg_temp.tenantry_keys GROUP BY redis_key HAVING count(*) > 1) d"
    " WHERE k.redis_key = d.redis_key AND k.record > d.kept";
constexpr char kKeepLast[] =
    "DELETE FROM pg_temp.tenantry_keys k USING (SELECT redis_key, max(record) AS kept"
    " FROM pg_temp.tenantry_keys GROUP BY redis_key HAVING count(*) > 1) d"
    " WHERE k.redis_key = d.redis_key AND k.record < d.kept";
constexpr char kMarkNew[] =
    "UPDATE pg_temp.tenantry_keys SET is_new = true WHERE record = ANY ($1::bigint[])";
constexpr char kKept[] =
    "SELECT record FROM pg_temp.tenantry_keys WHERE record BETWEEN $1 AND $2 ORDER BY record";
// Redis keys are rows of no table.
constexpr char kNote[] =
    "INSERT INTO tenantry.loaded_rows"
    " (tenant_id, fixture_set, dataset, table_schema, table_name, row_key)"
    " SELECT $1, $2, $3, '', '', jsonb_build_object('redisKey', k.redis_key)"
    " FROM pg_temp.tenantry_keys k WHERE k.is_new AND NOT EXISTS (SELECT FROM tenantry.loaded_rows "
    "l"
    " WHERE l.tenant_id = $1 AND l.fixture_set = $2 AND l.dataset = $3 AND l.table_name = ''"
    " AND l.row_key = jsonb_build_object('redisKey', k.redis_key))";

std::int64_t Number(const std::string& text) {
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

using Batch = std::vector<RedisItem>;

class RedisLoad {
 public:
  RedisLoad(postgres::Connection& connection, redis::Connection& redis, const Job& job,
            const LoadedContent& content, const KeyTemplate& key_template, RejectLimit limit,
            ProgressMeter& progress)
      : connection_(connection),
        redis_(redis),
        job_(job),
        content_(content),
        key_template_(key_template),
        limit_(limit),
        progress_(progress) {}

  Result<api::Counters> Run() {
    TRY(Prepare());
    TRY(ForEachBatch([this](Batch& batch) { return Write(batch); }));
    return counters_;
  }

 private:
  // All that can fail because of the data or of what is in Redis, in one transaction.
  Result<void> Prepare() {
    Transaction transaction(connection_);
    TRY(transaction.Begin());
    TRY(connection_.ExecuteScript(kDropStaging));
    TRY(connection_.ExecuteScript(kCreateStaging));
    TRY(StageKeys());
    TRY(ResolveTwins());
    const bool track = job_.track == TrackRows::kYes;
    if (track || job_.dataset.conflict == api::Conflict::kError) {
      TRY(ForEachBatch([this](Batch& batch) { return Examine(batch); }));
    }
    if (track) {
      TRY(connection_.Execute(kNote, {job_.tenant.value(), job_.fixture_set, job_.dataset.name}));
    }
    return transaction.Commit();
  }

  Result<void> StageKeys() {
    TRY(connection_.CopyBegin(kCopy));
    Result<void> sent = ForEachBatch([this](Batch& batch) {
      std::string lines;
      for (const RedisItem& item : batch) {
        lines += std::to_string(item.record) + "\t";
        AppendCopyText(lines, item.key);
        lines += '\n';
      }
      counters_.read += static_cast<std::int64_t>(batch.size());
      return connection_.CopyData(lines);
    });
    if (!sent) {
      connection_.CopyAbort("stopped");
      return sent;
    }
    TRY(connection_.CopyEnd());
    counters_.rejected = rejected_;
    counters_.read += rejected_;
    return CheckRejects();
  }

  Result<void> CheckRejects() const {
    const bool too_many = limit_.count && rejected_ > *limit_.count;
    const bool too_large =
        limit_.percent && static_cast<double>(rejected_) * 100 >
                              *limit_.percent * static_cast<double>(counters_.read);
    return too_many || too_large ? Result<void>(*first_reject_) : Result<void>();
  }

  Result<void> ResolveTwins() {
    if (job_.dataset.conflict == api::Conflict::kError) {
      const postgres::Rows twins = TRY(connection_.Execute(kFindTwin));
      return twins.empty() ? Result<void>() : TwinError(twins);
    }
    const bool update = job_.dataset.conflict != api::Conflict::kSkip;
    twins_ = TRY(connection_.Execute(update ? kKeepLast : kKeepFirst)).affected;
    counters_.skipped = twins_;
    return {};
  }

  Result<void> TwinError(const postgres::Rows& twins) {
    const std::int64_t record = Number(twins.Text(0, 0));
    return ForEachBatch([&](Batch& batch) -> Result<void> {
      for (const RedisItem& item : batch) {
        if (item.record == record) {
          return DataError(job_.origin, {.record = record, .byte = item.byte, .column = ""},
                           "its Redis key " + Quoted(item.key) + " is that of record " +
                               twins.Text(0, 1) +
                               " already. Remove one of the two, or set conflict: Skip or Update.");
        }
      }
      return {};
    });
  }

  // Reads the source from its start, at most kBatchItems records at a time.
  Result<void> ForEachBatch(const std::function<Result<void>(Batch&)>& visit) {
    Sha256 hash;
    RecordStream records = TRY(RecordStream::Open(HashWhileReading(job_.source.Read(), hash),
                                                  ReadOptionsOf(job_.dataset), job_.origin));
    rejected_ = 0;
    first_reject_.reset();
    Batch batch;
    std::size_t bytes = 0;
    for (;;) {
      const Record* record = TRY(records.Next());
      first_reject_ = first_reject_ ? first_reject_ : records.first_reject();
      const bool full = batch.size() == kBatchItems || bytes > kBatchBytes;
      if (!batch.empty() && (record == nullptr || full)) {
        if (progress_.stopping()) {
          return Cancelled(job_.origin);
        }
        TRY(visit(batch));
        batch.clear();
        bytes = 0;
      }
      if (record == nullptr) {
        break;
      }
      Result<RedisItem> item = ItemOf(*record, records.columns());
      if (!item) {
        ++rejected_;
        first_reject_ = first_reject_ ? first_reject_ : std::move(item).error();
        continue;
      }
      batch.push_back(*std::move(item));
      bytes += batch.back().size();
    }
    rejected_ += records.rejected();
    if (hash.Finish() != content_.checksum.sha256) {
      return Error{
          .code = ErrorCode::kConflict,
          .message = Describe(job_.origin, {}) + " changed while it was read. It is loaded again."};
    }
    return {};
  }

  Result<RedisItem> ItemOf(const Record& record, const std::vector<std::string>& names) {
    const std::string name = TRY(key_template_.Fill(record, names, job_.origin));
    return MakeItem(record, names, api::RedisPrefix(job_.tenant) + name,
                    job_.dataset.target.redis->type, job_.origin);
  }

  // What Redis has under the items' keys now.
  Result<std::vector<KeyState>> Compare(const Batch& batch) {
    std::vector<Command> questions;
    for (const RedisItem& item : batch) {
      questions.push_back(AskCommand(item));
    }
    const std::vector<redis::Reply> replies = TRY(redis_.Pipeline(questions));
    std::vector<KeyState> states;
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const redis::Reply& reply = replies[i];
      if (reply.type == redis::Reply::Type::kError && !reply.text.starts_with("WRONGTYPE")) {
        TRY(redis_.Command(questions[i]));  // asks again, for the error in words
      }
      states.push_back(CompareReply(batch[i], reply));
    }
    return states;
  }

  Error ConflictError(const RedisItem& item) const {
    return DataError(job_.origin, {.record = item.record, .byte = item.byte, .column = ""},
                     "Redis key " + Quoted(item.key) +
                         " exists already with another value. Remove one of the two, or set "
                         "conflict: Skip or Update.");
  }

  Result<void> Examine(Batch& batch) {
    const std::vector<KeyState> states = TRY(Compare(batch));
    std::vector<std::string> fresh;
    for (std::size_t i = 0; i < batch.size(); ++i) {
      if (states[i] == KeyState::kDifferent && job_.dataset.conflict == api::Conflict::kError) {
        return ConflictError(batch[i]);
      }
      if (states[i] == KeyState::kAbsent) {
        fresh.push_back(std::to_string(batch[i].record));
      }
    }
    if (job_.track == TrackRows::kYes && !fresh.empty()) {
      TRY(connection_.Execute(kMarkNew, {"{" + Join(fresh, ",") + "}"}));
    }
    return {};
  }

  // Leaves the records that others with the same key have superseded out.
  Result<void> KeepChosen(Batch& batch) {
    if (twins_ == 0) {
      return {};
    }
    const postgres::Rows kept = TRY(connection_.Execute(
        kKept, {std::to_string(batch.front().record), std::to_string(batch.back().record)}));
    Batch chosen;
    std::size_t row = 0;
    for (RedisItem& item : batch) {
      if (row < kept.rows.size() && Number(kept.Text(row)) == item.record) {
        chosen.push_back(std::move(item));
        ++row;
      }
    }
    batch = std::move(chosen);
    return {};
  }

  Result<void> Write(Batch& batch) {
    const auto records = static_cast<std::int64_t>(batch.size());
    TRY(KeepChosen(batch));
    const std::vector<KeyState> states = TRY(Compare(batch));
    std::vector<Command> commands;
    for (std::size_t i = 0; i < batch.size(); ++i) {
      for (Command& command : TRY(Decide(batch[i], states[i]))) {
        commands.push_back(std::move(command));
      }
    }
    const std::vector<redis::Reply> replies = TRY(redis_.Pipeline(commands));
    for (std::size_t i = 0; i < replies.size(); ++i) {
      if (replies[i].type == redis::Reply::Type::kError) {
        TRY(redis_.Command(commands[i]));
      }
    }
    written_ += records;
    progress_.Report(0, written_);
    return {};
  }

  // Counts the item and tells what to do about it.
  Result<std::vector<Command>> Decide(const RedisItem& item, KeyState state) {
    const std::optional<std::chrono::seconds> ttl = job_.dataset.target.redis->ttl;
    if (state == KeyState::kAbsent) {
      ++counters_.inserted;
      return WriteCommands(item, ttl);
    }
    if (job_.dataset.conflict == api::Conflict::kSkip) {
      ++counters_.skipped;
      return std::vector<Command>();
    }
    if (state == KeyState::kSame) {
      ++counters_.unchanged;
      return std::vector<Command>{ExpiryCommand(item, ttl)};
    }
    if (job_.dataset.conflict == api::Conflict::kError) {
      return ConflictError(item);
    }
    ++counters_.updated;
    return WriteCommands(item, ttl);
  }

  postgres::Connection& connection_;
  redis::Connection& redis_;
  const Job& job_;
  const LoadedContent& content_;
  const KeyTemplate& key_template_;
  const RejectLimit limit_;
  ProgressMeter& progress_;
  api::Counters counters_;
  std::int64_t rejected_ = 0;  // in the pass over the source at hand
  std::optional<Error> first_reject_;
  std::int64_t written_ = 0;
  std::int64_t twins_ = 0;  // records that gave way to another one with the same key
};

// Holds the dataset's lock and the staging table's life.
class RedisSession {
 public:
  RedisSession(postgres::Connection& connection, const Job& job)
      : connection_(connection), job_(job) {}
  RedisSession(const RedisSession&) = delete;
  RedisSession& operator=(const RedisSession&) = delete;
  // When this fails the session is broken, and nothing of it is left anyway.
  ~RedisSession() {
    [[maybe_unused]] const Result<void> dropped = connection_.ExecuteScript(kDropStaging);
    [[maybe_unused]] const Result<void> unlocked = UnlockDataset(connection_, job_);
  }
  Result<void> Lock() { return LockDataset(connection_, job_); }

 private:
  postgres::Connection& connection_;
  const Job& job_;
};

}  // namespace

Result<api::DatasetResult> LoadRedis(postgres::Connection& connection, redis::Connection& redis,
                                     const Job& job, ProgressMeter& progress) {
  const auto start = std::chrono::steady_clock::now();
  const KeyTemplate key_template =
      TRY(KeyTemplate::Parse(job.dataset.target.redis->key_template, job.origin));
  const RejectLimit limit = TRY(ParseMaxRejects(job.dataset.max_rejects, job.origin));
  LoadedContent content = {.checksum = TRY(Measure(job.source, progress.stop())), .hash = {}};
  content.hash = ContentHash(content.checksum.sha256, job.dataset, job.track);
  RedisSession session(connection, job);
  TRY(session.Lock());
  api::DatasetResult result = {.status = {.name = job.dataset.name,
                                          .bytes = content.checksum.bytes,
                                          .checksum = content.checksum.sha256}};
  if (const std::optional<api::Counters> before = TRY(FindLoaded(connection, job, content))) {
    result.status.counters = *before;
    result.skipped_by_hash = true;
    return result;
  }
  result.status.counters =
      TRY(RedisLoad(connection, redis, job, content, key_template, limit, progress).Run());
  TRY(RecordLoaded(connection, job, content, result.status.counters));
  result.status.rows_per_second =
      PerSecond(result.status.counters.read, std::chrono::steady_clock::now() - start);
  return result;
}

}  // namespace tenantry::load
