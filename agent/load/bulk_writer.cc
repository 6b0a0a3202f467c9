#include "agent/load/bulk_writer.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <utility>

#include "agent/load/bulk_refusal.h"
#include "agent/load/statements.h"
#include "common/base/strings.h"

namespace tenantry::load {
namespace {

// Rows tried together after one was refused; doubled by each success.
constexpr std::size_t kFirstStep = 256;

std::int64_t Number(const std::string& text) {
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// Walks over rows [0, size) in ranges: large ones as long as they succeed, small ones around a row
// that fails. Pure.
class Ranges {
 public:
  explicit Ranges(std::size_t size) : size_(size), step_(size) {}

  bool done() const { return at_ >= size_; }
  std::size_t from() const { return at_; }
  std::size_t to() const { return std::min(size_, at_ + step_); }

  void Succeeded() {
    at_ = to();
    step_ = at_ < bad_before_ ? std::max<std::size_t>(1, (bad_before_ - at_) / 2) : step_ * 2;
  }
  // The row is left out.
  void Skip() {
    ++at_;
    bad_before_ = 0;
    step_ = kFirstStep;
  }
  // Row `row` of the range is bad; those before it shall be written.
  void FailedAt(std::size_t row) { step_ = row - at_; }
  // Some row of the range is bad.
  void FailedSomewhere() {
    bad_before_ = to();
    step_ = std::max<std::size_t>(1, (bad_before_ - at_) / 2);
  }

 private:
  std::size_t size_;
  std::size_t at_ = 0;
  std::size_t step_;
  std::size_t bad_before_ = 0;  // a bad row is known to be between at_ and here; 0: not known
};

bool IsAboutOneRecord(const Error& error, const postgres::ServerDiagnostics& diagnostics,
                      const Table& table) {
  const std::string& state = diagnostics.sqlstate;
  // Without row security, 42501 is a right that the role lacks for the whole table.
  return error.code == ErrorCode::kInvalid && (IsRecordError(state) || state.starts_with("54")) &&
         (state != "42501" || table.row_security);
}

}  // namespace

BulkWriter::BulkWriter(postgres::Connection& connection, const BulkTarget& target,
                       const Table& table, const BulkOptions& options)
    : connection_(connection), target_(target), table_(table), options_(options) {}

Result<Written> BulkWriter::Write(const Part& part, const BulkPlan& plan) {
  plan_ = &plan;
  TRY(Prepare());
  Written written;
  for (const EncodedRows& rows : part.groups) {
    TRY(WriteGroup(part, rows, written));
  }
  return written;
}

Result<void> BulkWriter::Prepare() {
  if (plan_->way != BulkPlan::Way::kStaged) {
    return {};
  }
  TRY(connection_.ExecuteScript(CreateStaging(table_, plan_->key)));
  staging_filled_ = false;
  if (const std::string lock = LockForUpdate(table_, options_.conflict); !lock.empty()) {
    TRY(connection_.ExecuteScript(lock));
  }
  return {};
}

Result<void> BulkWriter::WriteGroup(const Part& part, const EncodedRows& rows, Written& written) {
  Ranges ranges(rows.size());
  std::optional<std::pair<std::size_t, postgres::ServerDiagnostics>> known_bad;
  while (!ranges.done()) {
    if (known_bad && known_bad->first == ranges.from()) {
      Refuse(part, rows, known_bad->first, known_bad->second, written);
      known_bad.reset();
      ranges.Skip();
      continue;
    }
    TRY(connection_.ExecuteScript("SAVEPOINT tenantry_range"));
    const Result<api::Counters> done = WriteRange(rows, ranges.from(), ranges.to());
    if (done) {
      TRY(connection_.ExecuteScript("RELEASE SAVEPOINT tenantry_range"));
      written.counters += *done;
      ranges.Succeeded();
      continue;
    }
    const postgres::ServerDiagnostics diagnostics = connection_.last_diagnostics();
    if (!IsAboutOneRecord(done.error(), diagnostics, table_)) {
      return done.error();
    }
    TRY(connection_.ExecuteScript("ROLLBACK TO SAVEPOINT tenantry_range"));
    const auto line = static_cast<std::size_t>(copying_ ? CopyLine(diagnostics.context, CopyName())
                                                        : std::int64_t{0});
    const bool single = ranges.to() - ranges.from() == 1;
    if (line == 0 && !single) {
      ranges.FailedSomewhere();
      continue;
    }
    const std::size_t bad = ranges.from() + (single ? 0 : line - 1);
    known_bad.emplace(bad, diagnostics);
    ranges.FailedAt(bad);
  }
  return {};
}

void BulkWriter::Refuse(const Part& part, const EncodedRows& rows, std::size_t row,
                        const postgres::ServerDiagnostics& diagnostics, Written& written) {
  constexpr char kForeignKeyViolation[] = "23503";
  Reject reject = Explained(MakeReject(part, rows, row), diagnostics);
  if (!table_.refers_to_itself || diagnostics.sqlstate != kForeignKeyViolation) {
    written.rejects.push_back(std::move(reject));
    return;
  }
  EncodedRows alone = {.columns = rows.columns,
                       .bytes = std::string(rows.Bytes(row, row + 1)),
                       .records = {rows.records[row]}};
  alone.ends = {alone.bytes.size()};
  held_.push_back({.reject = std::move(reject), .row = std::move(alone)});
}

// COPY into the staging table speaks of its columns.
Reject BulkWriter::Explained(Reject reject, postgres::ServerDiagnostics diagnostics) const {
  const std::string named =
      diagnostics.column.empty() ? CopyColumn(diagnostics.context, CopyName()) : "";
  for (std::size_t column = 0; column < table_.columns.size() && !named.empty(); ++column) {
    const bool staged = plan_->way == BulkPlan::Way::kStaged && named == StagingColumn(column);
    if (staged || named == table_.columns[column].name) {
      diagnostics.column = table_.columns[column].name;
    }
  }
  return Explain(std::move(reject), diagnostics);
}

// All of them in one statement each for the same columns, so that they may refer to each other.
Result<bool> BulkWriter::TryHeld(const std::vector<Held>& held, Written& written) {
  TRY(connection_.ExecuteScript("SAVEPOINT tenantry_held"));
  Written done;
  std::map<std::vector<std::size_t>, EncodedRows> groups;
  for (const Held& one : held) {
    EncodedRows& group = groups[one.row.columns];
    group.columns = one.row.columns;
    group.bytes += one.row.bytes;
    group.ends.push_back(group.bytes.size());
    group.records.push_back(one.row.records.front());
  }
  for (const auto& [columns, rows] : groups) {
    const Result<api::Counters> counters = WriteRange(rows, 0, rows.size());
    if (!counters) {
      if (!IsAboutOneRecord(counters.error(), connection_.last_diagnostics(), table_)) {
        return counters.error();
      }
      TRY(connection_.ExecuteScript("ROLLBACK TO SAVEPOINT tenantry_held"));
      return false;
    }
    done.counters += *counters;
  }
  TRY(connection_.ExecuteScript("RELEASE SAVEPOINT tenantry_held"));
  written.counters += done.counters;
  return true;
}

Result<Written> BulkWriter::WriteHeld() {
  Written written;
  std::vector<Held> held = std::exchange(held_, {});
  if (held.empty()) {
    return written;
  }
  TRY(Prepare());
  if (TRY(TryHeld(held, written))) {
    return written;
  }
  // Some are really wrong: one after the other, as long as that helps.
  for (std::size_t before = held.size() + 1; held.size() < before && !held.empty();) {
    before = held.size();
    std::vector<Held> refused;
    for (Held& one : held) {
      if (!TRY(TryHeld({one}, written))) {
        refused.push_back(std::move(one));
      }
    }
    held = std::move(refused);
  }
  for (Held& one : held) {
    written.rejects.push_back(std::move(one.reject));
  }
  return written;
}

Result<api::Counters> BulkWriter::WriteRange(const EncodedRows& rows, std::size_t from,
                                             std::size_t to) {
  const auto count = static_cast<std::int64_t>(to - from);
  if (std::exchange(staging_filled_, plan_->way == BulkPlan::Way::kStaged)) {
    TRY(connection_.ExecuteScript(EmptyStaging()));
  }
  copying_ = true;
  TRY(Copy(CopyStatement(rows), rows, from, to));
  copying_ = false;
  if (plan_->way == BulkPlan::Way::kDirect) {
    return api::Counters{.inserted = count};
  }
  return Merge(count);
}

Result<void> BulkWriter::Copy(const std::string& statement, const EncodedRows& rows,
                              std::size_t from, std::size_t to) {
  TRY(connection_.CopyBegin(statement));
  for (const std::string_view piece :
       {CopyHeader(plan_->format), rows.Bytes(from, to), CopyTrailer(plan_->format)}) {
    const Result<void> sent = connection_.CopyData(piece);
    if (!sent) {
      connection_.CopyAbort("stopped");
      return sent;
    }
  }
  TRY(connection_.CopyEnd());
  return {};
}

Result<api::Counters> BulkWriter::Merge(std::int64_t staged) {
  using api::Conflict;
  std::vector<Presence> presence(table_.columns.size(), Presence::kNone);
  for (const BulkPlan::Column& column : plan_->columns) {
    const bool may_lack = plan_->sparse && table_.columns[column.target].has_default();
    presence[column.target] = may_lack ? Presence::kSome : Presence::kAll;
  }
  if (plan_->collect_target) {
    presence[*plan_->collect_target] = Presence::kAll;
  }
  api::Counters counters;
  const Conflict conflict = options_.conflict;
  if (conflict != Conflict::kError && conflict != Conflict::kSkip) {
    const std::string drop = plan_->cursor ? DropSuperseded(plan_->key, conflict, *plan_->cursor)
                                           : DropSuperseded(plan_->key);
    counters.skipped = TRY(connection_.Execute(drop)).affected;
  }
  std::int64_t same = 0;
  if (plan_->cursor) {
    same = Number(TRY(connection_.Execute(CountSame(table_, plan_->key, presence))).Text(0));
  }
  InsertOptions insert = {
      .conflict = conflict, .cursor = plan_->cursor, .merge_jsonb = "tenantry_loads.merge_jsonb"};
  std::vector<postgres::Parameter> parameters;
  if (target_.owner && target_.owner->track == TrackRows::kYes) {
    insert.track = TrackRows::kYes;
    parameters = {target_.tenant.value(), target_.owner->fixture_set, target_.owner->dataset,
                  table_.schema, table_.name};
  }
  const postgres::Rows written =
      TRY(connection_.Execute(InsertFromStaging(table_, plan_->key, presence, insert), parameters));
  counters.inserted = Number(written.Text(0, 0));
  counters.updated = Number(written.Text(0, 1));
  const std::int64_t rest = staged - counters.skipped - counters.inserted - counters.updated;
  counters.unchanged = plan_->cursor ? same : conflict == Conflict::kSkip ? 0 : rest;
  counters.skipped += rest - counters.unchanged;
  return counters;
}

std::string BulkWriter::CopyStatement(const EncodedRows& rows) const {
  const std::string_view format = plan_->format == CopyFormat::kBinary ? "binary" : "text";
  if (plan_->way == BulkPlan::Way::kStaged) {
    return CopyColumnsIntoStaging(rows.columns, format);
  }
  std::vector<std::string> names;
  for (const std::size_t column : rows.columns) {
    names.push_back(postgres::QuoteIdentifier(table_.columns[column].name));
  }
  return "COPY " + QualifiedName(table_) + " (" + Join(names, ", ") + ") FROM STDIN (FORMAT " +
         std::string(format) + ")";
}

// What the server calls COPY's target in its messages.
std::string_view BulkWriter::CopyName() const {
  return plan_->way == BulkPlan::Way::kStaged ? kStagingName : std::string_view(table_.name);
}

Reject BulkWriter::MakeReject(const Part& part, const EncodedRows& rows, std::size_t row) const {
  const std::uint32_t record = rows.records[row];
  const ChunkText& chunk = *part.chunk;
  return {.record = chunk.first_record + record,
          .line = chunk.first_line + chunk.records[record].line,
          .byte = chunk.records[record].byte,
          .raw = std::string(chunk.Raw(record))};
}

}  // namespace tenantry::load
