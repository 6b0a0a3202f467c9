#include "agent/load/bulk_load.h"

#include <algorithm>
#include <utility>

#include "agent/load/bulk_create.h"
#include "agent/load/bulk_cutter.h"
#include "agent/load/bulk_encoder.h"
#include "agent/load/bulk_lane.h"
#include "agent/load/bulk_plan.h"
#include "agent/load/bulk_rejects.h"
#include "agent/load/bulk_session.h"
#include "agent/load/bulk_settings.h"
#include "agent/load/bulk_source.h"
#include "agent/load/catalog.h"
#include "agent/load/key_lookup.h"
#include "agent/load/map/mapped_reader.h"
#include "common/api/reasons.h"

namespace tenantry::load {
namespace {

constexpr std::chrono::milliseconds kReportEvery{100};

class BulkLoad {
 public:
  BulkLoad(const BulkTarget& target, const BulkOptions& options, const Source& source,
           const Origin& origin, BulkListener& listener, std::stop_token stop)
      : target_(target),
        options_(options),
        source_(source),
        origin_(origin),
        listener_(listener),
        stop_(std::move(stop)),
        read_(options.read),
        cutter_(ChunkSize(options)),
        rejects_(options, origin) {}

  BulkOutcome Run() {
    const auto start = std::chrono::steady_clock::now();
    Result<void> done = Load();
    BulkOutcome outcome;
    if (!done) {
      outcome.error = std::move(done).error();
      outcome.is_another_source = is_another_source_;
    }
    if (!report_.loaded_before) {
      // What one transaction was to do is undone with its error.
      const bool undone = outcome.error && (AtOnce() || options_.dry_run);
      report_.counters = undone ? api::Counters{} : Counted();
      report_.resumed_rows = resumed_.read;
      report_.bytes = meter_.bytes;
      report_.reject_reasons = rejects_.Reasons();
    }
    report_.elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - start);
    outcome.report = std::move(report_);
    return outcome;
  }

 private:
  Result<void> Load() {
    // Without the right to keep checkpoints, a load is one transaction.
    checkpoints_ = TRY(EnsureLoadCatalogue(target_, stop_));
    session_ = TRY(OpenLoadSession(target_, stop_));
    if (options_.mapping) {
      keys_ =
          TRY(ReadKeys(*session_, *options_.mapping, target_.schema, options_.memory_limit_bytes));
    }
    if (options_.create_table) {
      TRY(CreateTable());
    }
    if (!target_.owner) {
      TRY(CheckTable());
    }
    table_ = TRY(DescribeTable(*session_, target_.schema, target_.table, origin_));
    read_ = TRY(DecideHeader(source_, read_, table_, options_.mapping.get(), origin_));
    settings_ = SettingsOf(options_, read_);
    if (checkpoints_) {
      TRY(FindEarlier());
    }
    if (report_.loaded_before) {
      return {};
    }
    TRY(rejects_.Open(committed_));
    TRY(ProfileDates());
    Result<void> read = ReadAndWrite();
    Result<void> written = FinishLanes(read);
    const bool stopped = !read && read.error().code == ErrorCode::kCancelled;
    TRY(stopped ? written : read);
    TRY(stopped ? read : written);
    return Finish();
  }

  Result<void> CreateTable() {
    if (options_.dry_run) {
      // Inside of a transaction that is rolled back the lanes would not see it.
      return Error{.code = ErrorCode::kInvalid,
                   .message =
                       "--dry-run needs the table to exist. Leave --create-table out, or "
                       "create it; `tenantry inspect` shows its columns and types."};
    }
    report_.created_table =
        TRY(CreateTableFor(*session_, target_, options_, keys_.get(), source_, origin_, stop_));
    return {};
  }

  Result<void> CheckTable() {
    if (TRY(TableExists(*session_, target_))) {
      return {};
    }
    return Error{.code = ErrorCode::kInvalid,
                 .message = "Table " + target_.schema + "." + target_.table +
                            " does not exist. Correct its name, or give --create-table to make it "
                            "with the columns and types of the data.",
                 .reason = api::reason::kInvalidSpec};
  }

  Result<void> FindEarlier() {
    load_ = TRY(IdentifyLoad(*session_, target_, origin_.source));
    TRY(LockLoad(*session_, load_, target_));
    state_ = TRY(ObserveTable(*session_, table_));
    const std::optional<LoadRecord> earlier = TRY(FindLoad(*session_, load_));
    if (!earlier) {
      return {};
    }
    load_.run = earlier->run;
    if (earlier->succeeded) {
      return FindFinished(*earlier);
    }
    return options_.force_new_source || options_.atomic ? StartAnew() : Resume(*earlier);
  }

  // A finished load of this source: the same bytes are not loaded again.
  Result<void> FindFinished(const LoadRecord& earlier) {
    // What a FixtureSet has loaded is its tenant's to change and to delete.
    const bool has_its_rows =
        target_.owner ? state_.SameTable(earlier.table_state) : TRY(HasItsRows(earlier));
    const bool untouched = earlier.settings == settings_ && has_its_rows;
    if (untouched && !options_.full_refresh && !options_.dry_run) {
      const Checksum checksum = TRY(Measure(source_, stop_));
      if (checksum.sha256 == earlier.content_hash && checksum.bytes == earlier.bytes) {
        report_.loaded_before = true;
        report_.counters = {.read = earlier.counters.read,
                            .unchanged = earlier.counters.read - earlier.counters.rejected,
                            .rejected = earlier.counters.rejected};
        report_.bytes = checksum.bytes;
        report_.checksum = checksum.sha256;
        return {};
      }
    }
    if (options_.incremental && untouched) {
      known_chunks_ = TRY(FindChunks(*session_, load_));
    }
    return StartAnew();
  }

  // The server counts deleted rows, with a delay and of all rows alike: when it has counted some,
  // the rows themselves are counted.
  Result<bool> HasItsRows(const LoadRecord& earlier) {
    if (earlier.table_state == state_.Text()) {
      return true;
    }
    if (!state_.SameStorage(earlier.table_state)) {
      return false;
    }
    return TRY(CountRows(*session_, table_)) >=
           earlier.counters.read - earlier.counters.rejected - earlier.counters.skipped;
  }

  Result<void> StartAnew() {
    ++load_.run;
    return {};
  }

  Result<void> Resume(const LoadRecord& earlier) {
    if (!state_.SameTable(earlier.table_state)) {
      return StartAnew();
    }
    if (!state_.SameStorage(earlier.table_state)) {
      if (TRY(CountRows(*session_, table_)) == 0) {
        return StartAnew();
      }
      return Error{.code = ErrorCode::kInvalid,
                   .message = "Table " + target_.schema + "." + target_.table +
                              " was emptied or rewritten since the load of " + origin_.source +
                              " was interrupted, so what was loaded may be gone. Give "
                              "--force-new-source to load everything."};
    }
    if (earlier.settings != settings_) {
      is_another_source_ = true;
      return Error{.code = ErrorCode::kInvalid,
                   .message = "The load of " + origin_.source + " into " + target_.schema + "." +
                              target_.table + " was interrupted under other options (" +
                              earlier.settings +
                              "). Give the same ones to go on, or --force-new-source to begin "
                              "again."};
    }
    lanes_wanted_ = earlier.lanes;
    committed_ = TRY(FindParts(*session_, load_));
    for (const auto& [part, committed] : committed_) {
      resumed_ += committed.counters;
    }
    resumes_ = true;
    return {};
  }

  // Dates that could be read in two ways are read in the order that the whole column proves.
  Result<void> ProfileDates() {
    const bool has_dates =
        std::any_of(table_.columns.begin(), table_.columns.end(), [](const TableColumn& column) {
          const Wire wire = WireOf(column.storage_type);
          return wire == Wire::kDate || wire == Wire::kTimestamp || wire == Wire::kTimestampTz;
        });
    if (!has_dates) {
      return {};
    }
    SourceProfile profile =
        TRY(ProfileSource(source_, read_, InUse(), Extent::kSample, origin_, stop_));
    const bool proven =
        std::all_of(profile.columns.begin(), profile.columns.end(),
                    [](const ColumnProfile& column) { return column.order_proven; });
    if (!proven) {
      profile = TRY(ProfileSource(source_, read_, InUse(), Extent::kWhole, origin_, stop_));
    }
    profiles_ = std::move(profile.columns);
    return {};
  }

  Result<void> ReadAndWrite() {
    reader_ = TRY(OpenBatches(MeterWhileReading(source_.Read(), meter_), read_, InUse(), origin_));
    const Batch* batch = TRY(reader_->Next());
    if (reader_->columns().empty()) {
      listener_.OnFinding(reader_->finding(), {});
      return BeginEmpty();
    }
    TRY(MakePlan());
    TRY(StartLanes());
    listener_.OnFinding(reader_->finding(), reader_->columns());
    while (batch != nullptr) {
      if (stop_.stop_requested()) {
        return Error{.code = ErrorCode::kCancelled, .message = "The load was stopped."};
      }
      if (reader_->columns().size() > planned_columns_) {
        TRY(Dispatch());
        TRY(MakePlan());
      }
      TRY(AddBatch(*batch));
      Report(*batch);
      batch = TRY(reader_->Next());
    }
    TRY(Dispatch());
    const bool shorter = !committed_.empty() && committed_.rbegin()->first.first >= chunks_;
    return shorter ? Result<void>(SourceChanged(committed_.rbegin()->second)) : Result<void>();
  }

  MappingInUse InUse() const { return {.mapping = options_.mapping.get(), .keys = keys_.get()}; }

  // A source without a header and without records: loaded, and nothing of it.
  Result<void> BeginEmpty() {
    if (AtOnce() || options_.dry_run || resumes_) {
      return {};
    }
    return BeginLoad(*session_, load_, target_, origin_.source,
                     {.settings = settings_, .lanes = 1, .table_state = state_.Text()});
  }

  Result<void> MakePlan() {
    const Finding& finding = reader_->finding();
    const BulkPlan plan =
        TRY(MakeBulkPlan({.table = table_,
                          .options = options_,
                          .track = target_.owner ? target_.owner->track : TrackRows::kNo,
                          .source_columns = reader_->columns(),
                          .profiles = profiles_,
                          .sparse = finding.format != api::Format::kCsv,
                          .positional = finding.csv && !finding.csv->header && !options_.mapping,
                          .origin = origin_}));
    planned_columns_ = reader_->columns().size();
    plan_ = std::make_shared<const BulkPlan>(plan);
    if (encoder_) {
      encoder_->SetPlan(plan, reader_->columns());
    }
    return {};
  }

  Result<void> StartLanes() {
    const bool one = options_.dry_run || AtOnce() || table_.refers_to_itself;
    std::int32_t lanes = one ? 1 : lanes_wanted_.value_or(options_.connections);
    const CommitMode commit = options_.dry_run ? CommitMode::kNever
                              : AtOnce()       ? CommitMode::kAtEnd
                                               : CommitMode::kEachPart;
    if (commit == CommitMode::kEachPart && !resumes_) {
      TRY(BeginLoad(*session_, load_, target_, origin_.source,
                    {.settings = settings_, .lanes = lanes, .table_state = state_.Text()}));
    }
    encoder_.emplace(table_, lanes);
    encoder_->SetPlan(*plan_, reader_->columns());
    for (std::int32_t lane = 0; lane < lanes; ++lane) {
      // A stop ends the reading; what the lanes have is still written, unless it must not be.
      lanes_.push_back(
          std::make_unique<Lane>(LaneJob{.target = target_,
                                         .table = table_,
                                         .options = options_,
                                         .load = load_,
                                         .commit = commit,
                                         .rejects = rejects_},
                                 commit == CommitMode::kAtEnd ? std::move(session_) : nullptr,
                                 commit == CommitMode::kEachPart ? std::stop_token() : stop_));
    }
    return {};
  }

  Result<void> AddBatch(const Batch& batch) {
    auto flaw = batch.flaws.begin();
    for (std::size_t i = 0; i < batch.records.size(); ++i) {
      const std::uint32_t record = cutter_.Add(batch, i);
      if (batch.records[i].rejected) {
        flaw = std::find_if(flaw, batch.flaws.end(), [&](const Flaw& candidate) {
          return candidate.record == i && candidate.kind == Flaw::Kind::kRejected;
        });
        encoder_->AppendRejected(batch, *flaw);
      } else {
        encoder_->Append(batch, i, record);
      }
      if (cutter_.full()) {
        TRY(Dispatch());
      }
    }
    return {};
  }

  // Hands the chunk at hand to the lanes, unless it was written before.
  Result<void> Dispatch() {
    if (cutter_.empty()) {
      return {};
    }
    const std::shared_ptr<const ChunkText> chunk = cutter_.Take();
    chunks_ = chunk->number + 1;
    std::vector<Part> parts = encoder_->TakeParts(chunk);
    if (TRY(PassOver(*chunk, parts))) {
      return {};
    }
    for (Part& part : parts) {
      const auto lane = static_cast<std::size_t>(part.lane);
      const auto earlier = committed_.find({chunk->number, part.lane});
      if (earlier == committed_.end()) {
        TRY(lanes_[lane]->Submit(std::move(part), plan_));
        continue;
      }
      if (earlier->second.hash != chunk->hash || earlier->second.byte_from != chunk->byte_from) {
        return SourceChanged(earlier->second);
      }
    }
    return {};
  }

  Error SourceChanged(const CommittedPart& part) {
    is_another_source_ = true;
    return {.code = ErrorCode::kInvalid,
            .message = origin_.source + " is not what the interrupted load has read: bytes " +
                       std::to_string(part.byte_from) + " to " + std::to_string(part.byte_to) +
                       " differ. Put the old file back to go on, or give --force-new-source to "
                       "load this one from its beginning."};
  }

  // --incremental: the last finished load wrote these very bytes.
  Result<bool> PassOver(const ChunkText& chunk, std::vector<Part>& parts) {
    const auto known = known_chunks_.find(chunk.hash);
    if (known == known_chunks_.end()) {
      return false;
    }
    for (Part& part : parts) {
      api::Counters counters;
      if (part.lane == 0) {
        counters = {.read = known->second.read,
                    .unchanged = known->second.read - known->second.rejected,
                    .rejected = known->second.rejected};
        TRY(rejects_.Add(part, RejectsOf(parts), counters.read));
      }
      TRY(RecordPart(*session_, load_, part, counters));
      passed_over_ += counters;
    }
    return true;
  }

  static std::vector<Reject> RejectsOf(const std::vector<Part>& parts) {
    std::vector<Reject> rejects;
    for (const Part& part : parts) {
      rejects.insert(rejects.end(), part.rejects.begin(), part.rejects.end());
    }
    return rejects;
  }

  Result<void> FinishLanes(const Result<void>& read) {
    Result<void> finished;
    for (const auto& lane : lanes_) {
      if (!read && commits_at_end()) {
        lane->Abandon();
      } else if (checkpoints_ && commits_at_end()) {
        report_.checksum = meter_.hash.Finish();
        lane->SetLastStep([this](postgres::Connection& session) {
          recorded_ = true;
          return Record(session);
        });
      }
      Result<void> ended = lane->Finish();
      if (commits_at_end()) {
        session_ = lane->TakeSession();
      }
      if (!ended && (finished || finished.error().code == ErrorCode::kCancelled)) {
        finished = std::move(ended);
      }
    }
    return finished;
  }

  // One transaction for everything.
  bool AtOnce() const { return options_.atomic || !checkpoints_; }
  bool commits_at_end() const { return AtOnce() && !options_.dry_run; }

  // That the source is loaded, in the same transaction as its rows.
  Result<void> Record(postgres::Connection& session) {
    TRY(rejects_.CheckTotal());
    TRY(BeginLoad(session, load_, target_, origin_.source,
                  {.settings = settings_, .lanes = 1, .table_state = state_.Text()}));
    return RecordEnd(session);
  }

  Result<void> RecordEnd(postgres::Connection& session) const {
    const TableState state = TRY(ObserveTable(session, table_));
    return FinishLoad(session, load_,
                      {.table_state = state.Text(),
                       .content_hash = report_.checksum,
                       .bytes = meter_.bytes,
                       .counters = Counted()});
  }

  Result<void> Finish() {
    if (report_.checksum.empty()) {
      report_.checksum = meter_.hash.Finish();
    }
    if (options_.dry_run) {
      return {};
    }
    TRY(rejects_.CheckTotal());
    std::vector<std::size_t> given;
    for (const BulkPlan::Column& column :
         plan_ ? plan_->columns : std::vector<BulkPlan::Column>()) {
      given.push_back(column.target);
    }
    TRY(AdvanceSequences(*session_, table_, given));
    if (!checkpoints_ || recorded_) {
      return {};
    }
    TRY(session_->Begin());
    TRY(AtOnce() ? Record(*session_) : RecordEnd(*session_));
    return session_->Commit();
  }

  api::Counters Counted() const {
    api::Counters sum = resumed_;
    sum += passed_over_;
    for (const auto& lane : lanes_) {
      sum += lane->counters();
    }
    return sum;
  }

  void Report(const Batch& batch) {
    const auto now = std::chrono::steady_clock::now();
    if (now - reported_ < kReportEvery) {
      return;
    }
    reported_ = now;
    listener_.OnProgress(
        {.rows = batch.first_record - 1 + static_cast<std::int64_t>(batch.records.size()),
         .rejected = rejects_.count(),
         .source_bytes = meter_.bytes,
         .total_bytes = 0});
  }

  const BulkTarget& target_;
  const BulkOptions& options_;
  const Source& source_;
  const Origin& origin_;
  BulkListener& listener_;
  const std::stop_token stop_;
  ReadOptions read_;

  bool checkpoints_ = false;
  bool recorded_ = false;  // the lane's last step has
  bool is_another_source_ = false;
  std::unique_ptr<postgres::Connection> session_;
  std::unique_ptr<KeyLookup> keys_;  // of the mapping; null: it needs none
  Table table_;
  TableState state_;
  std::string settings_;
  LoadIdentity load_;
  bool resumes_ = false;
  std::optional<std::int32_t> lanes_wanted_;
  CommittedParts committed_;                           // by the interrupted run
  std::map<std::string, api::Counters> known_chunks_;  // for --incremental
  api::Counters resumed_;                              // of what the interrupted run has committed
  api::Counters passed_over_;                          // of chunks that --incremental knows

  ReadMeter meter_;
  std::vector<ColumnProfile> profiles_;
  std::unique_ptr<BatchReader> reader_;
  std::shared_ptr<const BulkPlan> plan_;
  std::size_t planned_columns_ = 0;
  ChunkCutter cutter_;
  std::int32_t chunks_ = 0;  // cut so far
  std::optional<BulkEncoder> encoder_;
  RejectLog rejects_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::chrono::steady_clock::time_point reported_;
  BulkReport report_;
};

}  // namespace

BulkOutcome LoadBulk(const BulkTarget& target, const BulkOptions& options, const Source& source,
                     const Origin& origin, BulkListener& listener, std::stop_token stop) {
  return BulkLoad(target, options, source, origin, listener, std::move(stop)).Run();
}

}  // namespace tenantry::load
