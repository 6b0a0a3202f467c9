#include "agent/load/diagnose.h"

#include <charconv>
#include <optional>
#include <utility>

#include "agent/load/catalog.h"
#include "agent/load/explain.h"
#include "agent/load/record_reader.h"
#include "agent/load/statements.h"

namespace tenantry::load {
namespace {

constexpr char kForeignKeyViolation[] = "23503";

// Reads the source again, up to that record.
Result<RecordCopy> FetchRecord(const Job& job, std::int64_t number) {
  const std::unique_ptr<RecordReader> reader =
      TRY(RecordReader::Open(job.source.Read(), job.dataset.format, job.origin));
  for (;;) {
    const Record* record = TRY(reader->Next());
    if (record == nullptr) {
      return DataError(job.origin, {}, "it changed while it was read. Load it again.");
    }
    if (record->number == number) {
      return RecordCopy{.record = *record, .names = reader->columns()};
    }
  }
}

Error General(const FailedLoad& load, Error error) {
  return WithContext(std::move(error), "Dataset " + load.job.origin.dataset);
}

// Runs a statement and takes its effect back. True: it succeeded. False: it failed, and
// last_diagnostics() tells why. An error: the session or the task ended.
Result<bool> Try(postgres::Connection& connection, const std::string& sql,
                 const std::vector<postgres::Parameter>& parameters = {}) {
  TRY(connection.ExecuteScript("SAVEPOINT tenantry_probe"));
  const Result<postgres::Rows> result = connection.Execute(sql, parameters);
  if (!result && result.error().code != ErrorCode::kInvalid) {
    return result.error();
  }
  const bool constraints_hold = result && connection.ExecuteScript("SET CONSTRAINTS ALL IMMEDIATE");
  const bool works = result && constraints_hold;
  // Keeps the diagnostics: this statement does not fail.
  TRY(connection.ExecuteScript(
      "ROLLBACK TO SAVEPOINT tenantry_probe; RELEASE SAVEPOINT tenantry_probe"));
  return works;
}

Error LocateBadValue(const FailedLoad& load, std::int64_t number, const Error& error) {
  const RecordCopy copy = TRY(FetchRecord(load.job, number));
  for (const Cell& cell : copy.record.cells) {
    const std::optional<std::size_t> column = load.table.Find(copy.names[cell.column]);
    if (!column || cell.value.kind == Value::Kind::kNull) {
      continue;
    }
    const TableColumn& target = load.table.columns[*column];
    const bool fits = TRY(Try(load.connection,
                              std::string("INSERT INTO pg_temp.") + kStagingName + " (record, " +
                                  StagingColumn(*column) + ") VALUES (0, $1)",
                              {InputText(cell.value, target)}));
    if (!fits) {
      return DataError(load.job.origin,
                       {.record = number, .byte = cell.value.byte, .column = target.name},
                       ExplainValue(cell.value, target.type, load.connection.last_diagnostics()));
    }
  }
  return DataError(load.job.origin, {.record = number, .byte = copy.record.byte, .column = ""},
                   error.message);
}

struct BadRecord {
  std::int64_t number = 0;  // 0: no record in particular
  postgres::ServerDiagnostics diagnostics;
};

// The first record that makes the insert of all records up to it fail. Records are refused one by
// one, so whatever fails with fewer records fails with more; only foreign keys may be mended by a
// later record, and do not count here.
Result<BadRecord> FindBadRecord(const FailedLoad& load, const std::vector<Presence>& presence,
                                std::int64_t last_record) {
  BadRecord bad = {.number = 0, .diagnostics = load.connection.last_diagnostics()};
  const auto works = [&](std::int64_t last) -> Result<bool> {
    const InsertOptions options = {
        .conflict = load.job.dataset.conflict, .track = TrackRows::kNo, .last_record = last};
    const bool succeeded =
        TRY(Try(load.connection, InsertFromStaging(load.table, load.key, presence, options)));
    if (succeeded || load.connection.last_diagnostics().sqlstate == kForeignKeyViolation) {
      return true;
    }
    bad.diagnostics = load.connection.last_diagnostics();
    return false;
  };
  if (!TRY(works(0)) || TRY(works(last_record))) {
    return bad;
  }
  std::int64_t good = 0;
  bad.number = last_record;
  while (bad.number - good > 1) {
    const std::int64_t middle = good + (bad.number - good) / 2;
    if (TRY(works(middle))) {
      good = middle;
    } else {
      bad.number = middle;
    }
  }
  return bad;
}

std::int64_t Number(const postgres::Rows& rows) {
  std::int64_t number = 0;
  const std::string text = rows.empty() ? "" : rows.Text(0);
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

bool IsKey(const FailedLoad& load, const std::vector<std::string>& columns) {
  if (columns.size() != load.key.columns.size()) {
    return false;
  }
  for (const std::string& name : columns) {
    const std::optional<std::size_t> column = load.table.Find(name);
    if (!column || !load.key.Has(*column)) {
      return false;
    }
  }
  return true;
}

Result<Refusal> Investigate(const FailedLoad& load, const std::vector<Presence>& presence,
                            const BadRecord& bad) {
  Refusal refusal = {.diagnostics = bad.diagnostics,
                     .columns = {},
                     .twin = {},
                     .foreign_key = {},
                     .of_key = false};
  refusal.columns =
      TRY(ConstrainedColumns(load.connection, load.table, bad.diagnostics.constraint));
  if (bad.diagnostics.sqlstate != "23505" || refusal.columns.empty()) {
    return refusal;
  }
  refusal.of_key = IsKey(load, refusal.columns);
  std::vector<std::size_t> columns;
  for (const std::string& name : refusal.columns) {
    columns.push_back(*load.table.Find(name));
  }
  const postgres::Rows twin =
      TRY(load.connection.Execute(FindTwin(load.table, load.key, presence, columns, bad.number)));
  if (const std::int64_t number = Number(twin); number > 0) {
    refusal.twin = number;
  }
  return refusal;
}

Error DescribeRefusal(const FailedLoad& load, std::int64_t number, const Refusal& refusal) {
  const RecordCopy copy = TRY(FetchRecord(load.job, number));
  const Explanation explanation = ExplainRefusal(copy, load.table, refusal);
  const Value* value = copy.Find(explanation.column);
  return DataError(load.job.origin,
                   {.record = number,
                    .byte = value != nullptr ? value->byte : copy.record.byte,
                    .column = explanation.column},
                   explanation.what);
}

Error ExplainForeignKey(const FailedLoad& load, const std::vector<Presence>& presence,
                        const postgres::ServerDiagnostics& diagnostics, Error error) {
  Refusal refusal = {
      .diagnostics = diagnostics, .columns = {}, .twin = {}, .foreign_key = {}, .of_key = false};
  refusal.foreign_key = TRY(FindForeignKey(load.connection, load.table, diagnostics.constraint));
  if (!refusal.foreign_key) {
    return General(load, std::move(error));
  }
  const postgres::Rows orphan = TRY(
      load.connection.Execute(FindOrphan(load.table, load.key, presence, *refusal.foreign_key)));
  if (orphan.empty()) {
    return General(load, std::move(error));
  }
  return DescribeRefusal(load, Number(orphan), refusal);
}

Error ExplainInsert(const FailedLoad& load, const std::vector<Presence>& presence,
                    std::int64_t last_record, const Error& error) {
  const postgres::ServerDiagnostics diagnostics = load.connection.last_diagnostics();
  if (error.code != ErrorCode::kInvalid || !IsRecordError(diagnostics.sqlstate)) {
    return General(load, error);
  }
  if (diagnostics.sqlstate == kForeignKeyViolation) {
    return ExplainForeignKey(load, presence, diagnostics, error);
  }
  const BadRecord bad = TRY(FindBadRecord(load, presence, last_record));
  if (bad.number == 0) {
    return General(load, error);
  }
  const Refusal refusal = TRY(Investigate(load, presence, bad));
  return DescribeRefusal(load, bad.number, refusal);
}

}  // namespace

Error ExplainCopyFailure(const FailedLoad& load, Error error) {
  const std::int64_t line = CopyLine(load.connection.last_diagnostics().context, kStagingName);
  if (error.code != ErrorCode::kInvalid || line == 0) {
    return General(load, std::move(error));
  }
  return LocateBadValue(load, line, error);
}

Error ExplainInsertFailure(const FailedLoad& load, const std::vector<Presence>& presence,
                           std::int64_t last_record, const Error& error) {
  return ExplainInsert(load, presence, last_record, error);
}

}  // namespace tenantry::load
