#include "cli/load_options.h"

#include <CLI/CLI.hpp>
#include <charconv>
#include <utility>

#include "cli/words.h"
#include "common/api/tenant.h"
#include "common/base/quantity.h"
#include "common/base/strings.h"

namespace tenantry::cli {
namespace {

constexpr char kExamples[] = R"(Examples:
  tenantry load --store postgres://localhost/app --table tracks --key track_id tracks.csv.gz
  tenantry load --store postgres://localhost/app --table movies --create-table movies.json
  tenantry load --store postgres://admin@db/app --tenant acme --table users --conflict update '*.csv'
  tenantry load --store "$STORE" --table t --sha256 9f86d0… https://example.com/t.csv.gz
  tenantry load --store "$STORE" --table t --from-table public.t postgres://reader@old/app
  tenantry load --store "$STORE" --table t --from-query 'SELECT a, b FROM t' old.db
  psql -c '\copy t to stdout csv header' | tenantry load --store "$STORE" --table t -

Exit codes: 0 all loaded, 1 failed, 2 wrong usage, 3 loaded, but some records were rejected,
130 stopped at a safe point. The same command again goes on where a stopped one was.)";

CLI::Option* AddText(CLI::App& command, const std::string& name, std::string& value,
                     const std::string& text, const std::string& help, const std::string& group) {
  return command.add_option(name, value, help)->option_text(text)->group(group);
}

void AddTargetOptions(CLI::App& command, LoadArguments& arguments) {
  const std::string group = "Target";
  AddText(command, "--table", arguments.table, "NAME", "Table to load into, or schema.table",
          group);
  AddText(command, "--schema", arguments.schema, "NAME",
          "Schema of the table (default: the tenant's, else public)", group);
  AddText(command, "--tenant", arguments.tenant, "ID",
          "Load as this tenant: its schema, its role, its row-level security", group);
  AddText(command, "--role", arguments.role, "NAME", "Role to load as (SET ROLE)", group);
  command
      .add_flag("--create-table", arguments.create_table,
                "Create the table if it does not exist, with the columns and types of the data")
      ->group(group);
  AddText(command, "--key", arguments.key, "COLUMN,...",
          "Columns that tell rows apart (default: the primary key)", group);
  AddText(command, "--conflict", arguments.conflict, "WORD [Error]",
          "For keys that are there already: Error, Skip, Update, Replace, Merge, KeepNewest or "
          "KeepOldest",
          group);
  AddText(command, "--cursor", arguments.cursor, "COLUMN",
          "Column that KeepNewest and KeepOldest compare", group);
  AddText(command, "--unknown-columns", arguments.unknown_columns, "error|ignore|COLUMN [error]",
          "Columns that the table lacks: refuse, leave out, or collect in this jsonb column",
          group);
}

void AddRunOptions(CLI::App& command, LoadArguments& arguments) {
  const std::string group = "Run";
  command.add_flag("--dry-run", arguments.dry_run, "Do everything, but commit nothing")
      ->group(group);
  command
      .add_flag("--incremental", arguments.incremental,
                "Pass over those parts of the files that an earlier load wrote")
      ->group(group);
  command
      .add_flag("--full-refresh", arguments.full_refresh,
                "Load files again that were loaded before, unchanged")
      ->group(group);
  command
      .add_flag("--force-new-source", arguments.force_new_source,
                "Begin again when a file is not the one that an interrupted load has read")
      ->group(group);
  AddText(command, "--connections", arguments.connections, "N [2]",
          "Connections to the database, 1 to 64", group);
  AddText(command, "--memory-limit", arguments.memory_limit, "BYTES [64Mi]",
          "Memory for buffers, e.g. 256Mi", group);
  AddText(command, "--max-rejects", arguments.max_rejects, "N|N%",
          "Stop after this many rejected records, or this part of all", group);
  AddText(command, "--rejects", arguments.rejects, "FILE",
          "Where rejected records go, as NDJSON (default: <file>.rejects.ndjson beside the file)",
          group);
}

Result<std::int64_t> WholeNumber(const std::string& option, const std::string& text,
                                 std::int64_t least, std::int64_t most) {
  std::int64_t number = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failed != std::errc() || end != text.data() + text.size() || number < least ||
      number > most) {
    return BadOption(
        option, text,
        "is not a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  }
  return number;
}

Result<load::RejectLimit> ParseRejectLimit(const std::string& text) {
  load::RejectLimit limit;
  if (text.empty()) {
    return limit;
  }
  if (!text.ends_with('%')) {
    limit.count = TRY(WholeNumber("--max-rejects", text, 0, std::int64_t{1} << 62));
    return limit;
  }
  double percent = 0;
  const char* const last = text.data() + text.size() - 1;
  const auto [end, failed] = std::from_chars(text.data(), last, percent);
  if (failed != std::errc() || end != last || !(percent >= 0 && percent <= 100)) {
    return BadOption("--max-rejects", text, "is no percentage from 0% to 100%");
  }
  limit.percent = percent;
  return limit;
}

Result<std::vector<std::string>> ParseKey(const std::string& text) {
  std::vector<std::string> columns;
  for (const std::string_view column : Split(text, ',')) {
    if (Trim(column).empty()) {
      return BadOption("--key", text, "is not a list of columns like id or album_id,position");
    }
    columns.emplace_back(Trim(column));
  }
  return columns;
}

// Error, Skip …: what to do, with the column that it may need.
Result<void> SetConflict(const LoadArguments& arguments, load::BulkOptions& bulk) {
  if (!arguments.conflict.empty()) {
    const auto word = FindEnum<api::Conflict>(arguments.conflict);
    if (!word) {
      return BadOption("--conflict", arguments.conflict,
                       "is none of " + EnumWords<api::Conflict>());
    }
    bulk.conflict = *word;
  }
  const bool compares =
      bulk.conflict == api::Conflict::kKeepNewest || bulk.conflict == api::Conflict::kKeepOldest;
  if (compares && arguments.cursor.empty()) {
    return Error{ErrorCode::kInvalid, std::string("--conflict ") + api::ToString(bulk.conflict) +
                                          " needs --cursor: the column that is compared."};
  }
  bulk.cursor = arguments.cursor;
  return {};
}

Result<load::BulkOptions> MakeBulkOptions(const LoadArguments& arguments) {
  load::BulkOptions bulk;
  if (!arguments.key.empty()) {
    bulk.key = TRY(ParseKey(arguments.key));
  }
  TRY(SetConflict(arguments, bulk));
  bulk.read = TRY(MakeReadOptions(arguments.read));
  bulk.create_table = arguments.create_table;
  bulk.dry_run = arguments.dry_run;
  bulk.incremental = arguments.incremental;
  bulk.full_refresh = arguments.full_refresh;
  bulk.force_new_source = arguments.force_new_source;
  if (!arguments.connections.empty()) {
    bulk.connections =
        static_cast<int>(TRY(WholeNumber("--connections", arguments.connections, 1, 64)));
  }
  if (!arguments.memory_limit.empty()) {
    const Result<std::int64_t> bytes = ParseBytes(arguments.memory_limit);
    if (!bytes || *bytes < (1 << 20)) {
      return BadOption("--memory-limit", arguments.memory_limit,
                       "is no number of bytes from 1Mi, like 64Mi or 1G");
    }
    bulk.memory_limit_bytes = *bytes;
  }
  bulk.max_rejects = TRY(ParseRejectLimit(arguments.max_rejects));
  const std::string unknown = PlainWord(arguments.unknown_columns);
  if (unknown == "ignore") {
    bulk.unknown_columns = api::UnknownColumns::kIgnore;
  } else if (!unknown.empty() && unknown != "error") {
    bulk.unknown_columns = api::UnknownColumns::kCollect;
    bulk.collect_column = arguments.unknown_columns;
  }
  return bulk;
}

Result<void> CheckRequired(const LoadArguments& arguments) {
  TRY(CheckStoreOptions(arguments.store));
  if (arguments.table.empty()) {
    return Error{ErrorCode::kInvalid, "--table is required: the table to load into."};
  }
  if (arguments.files.empty()) {
    return Error{ErrorCode::kInvalid,
                 "a FILE is required: one or more files, patterns like '*.csv', or - for standard "
                 "input."};
  }
  if (!arguments.tenant.empty() && !api::IsValidTenantId(api::TenantId(arguments.tenant))) {
    return BadOption("--tenant", arguments.tenant,
                     "is no tenant ID: a small letter, then up to 39 small letters, digits and _");
  }
  if (!arguments.tenant.empty() && !arguments.role.empty()) {
    return Error{ErrorCode::kInvalid,
                 "--tenant and --role contradict each other: a tenant has its own role."};
  }
  return {};
}

}  // namespace

void AddLoadCommand(CLI::App& program, LoadArguments& arguments) {
  CLI::App& command = *program.add_subcommand("load", "Load files into a table, exactly once");
  command.footer(kExamples);
  command
      .add_option("FILE", arguments.files,
                  "Files, patterns like '*.csv', URLs, or - (standard input)")
      ->option_text("...");
  AddStoreOptions(command, arguments.store);
  AddTargetOptions(command, arguments);
  AddReadOptions(command, arguments.read);
  AddSourceOptions(command, arguments.source);
  AddRunOptions(command, arguments);
  AddOutputOptions(command, arguments.output);
}

Result<LoadOptions> MakeLoadOptions(const LoadArguments& arguments) {
  TRY(CheckRequired(arguments));
  LoadOptions options;
  options.store = arguments.store;
  options.output = TRY(MakeOutputOptions(arguments.output));
  options.table = arguments.table;
  options.schema = arguments.schema;
  options.tenant = arguments.tenant;
  options.role = arguments.role;
  options.bulk = TRY(MakeBulkOptions(arguments));
  options.mapping_file = arguments.read.mapping;
  options.reject_file = arguments.rejects;
  options.source = TRY(MakeSourceOptions(arguments.source));
  options.files = arguments.files;
  for (const std::string& file : options.files) {
    TRY(CheckSource(file, options.source));
  }
  const std::size_t dot = options.table.find('.');
  if (options.schema.empty() && dot != std::string::npos && dot > 0 &&
      dot + 1 < options.table.size()) {
    options.schema = options.table.substr(0, dot);
    options.table.erase(0, dot + 1);
  }
  return options;
}

}  // namespace tenantry::cli
