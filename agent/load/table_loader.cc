#include "agent/load/table_loader.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <utility>

#include "agent/load/bulk_load.h"
#include "agent/load/bulk_settings.h"
#include "common/api/reasons.h"
#include "common/base/strings.h"

namespace tenantry::load {
namespace {

// Whose tables are no tenant's to load, whatever its login may write there.
constexpr std::array kForeignSchemas = {"tenantry", "tenantry_loads", "pg_catalog",
                                        "information_schema"};

class Listener final : public BulkListener {
 public:
  explicit Listener(ProgressMeter& progress) : progress_(progress) {}
  void OnFinding(const Finding& /*finding*/, const std::vector<std::string>& /*columns*/) override {
  }
  void OnProgress(const BulkProgress& progress) override {
    progress_.Report(progress.source_bytes, progress.rows);
  }

 private:
  ProgressMeter& progress_;
};

Error InvalidSpec(const Origin& origin, const std::string& what) {
  return {.code = ErrorCode::kInvalid,
          .message = "Dataset " + origin.dataset + ": " + what,
          .reason = api::reason::kInvalidSpec};
}

Result<BulkTarget> TargetOf(const api::PostgresAccess& postgres, const Job& job) {
  BulkTarget target = {
      .postgres = postgres,
      .role = "",
      .tenant = job.tenant,
      .schema = job.schema,
      .table = job.dataset.target.table,
      .owner = LoadOwner{
          .fixture_set = job.fixture_set, .dataset = job.dataset.name, .track = job.track}};
  if (const std::size_t dot = target.table.find('.'); dot != std::string::npos) {
    target.schema = target.table.substr(0, dot);
    target.table = target.table.substr(dot + 1);
    const bool foreign = std::find(kForeignSchemas.begin(), kForeignSchemas.end(), target.schema) !=
                         kForeignSchemas.end();
    if (foreign) {
      return InvalidSpec(job.origin,
                         "schema " + target.schema + " is not the tenant's. Correct target.table.");
    }
  }
  return target;
}

Result<BulkOptions> OptionsOf(const Job& job, const LoadLimits& limits) {
  const api::Dataset& dataset = job.dataset;
  const std::optional<std::int64_t> bytes = job.source.bytes();
  std::shared_ptr<const Mapping> mapping;
  if (!dataset.mapping.empty()) {
    const std::string path = "Dataset " + dataset.name + ": mapping";
    mapping = std::make_shared<const Mapping>(TRY(ParseMapping(dataset.mapping, path)));
  }
  const BulkOptions options{.key = dataset.key,
                            .conflict = dataset.conflict,
                            .cursor = dataset.cursor,
                            .read = ReadOptionsOf(dataset),
                            .create_table = dataset.create_table,
                            .atomic = !dataset.incremental && bytes && *bytes <= kAtomicBytes,
                            .incremental = dataset.incremental,
                            .connections = limits.connections,
                            .memory_limit_bytes = limits.memory_bytes,
                            .max_rejects = TRY(ParseMaxRejects(dataset.max_rejects, job.origin)),
                            .unknown_columns = dataset.unknown_columns,
                            .collect_column = dataset.collect_into};
  return WithMapping(options, std::move(mapping));
}

api::DatasetResult ResultOf(const Job& job, const BulkReport& report) {
  api::DatasetResult result = {.status = {.name = job.dataset.name,
                                          .counters = report.counters,
                                          .bytes = report.bytes,
                                          .checksum = report.checksum},
                               .skipped_by_hash = report.loaded_before};
  if (!report.loaded_before) {
    result.status.rows_per_second =
        PerSecond(report.counters.read - report.resumed_rows, report.elapsed);
  }
  for (const RejectReason& reason : report.reject_reasons) {
    result.status.rejects.push_back(std::to_string(reason.count) + ": " +
                                    Shorten(reason.text, 400));
  }
  return result;
}

}  // namespace

Result<RejectLimit> ParseMaxRejects(const std::string& text, const Origin& origin) {
  if (text.empty()) {
    return RejectLimit{.count = 0, .percent = {}};
  }
  const bool is_percent = text.ends_with('%');
  const char* const last = text.data() + text.size() - (is_percent ? 1 : 0);
  RejectLimit limit;
  std::from_chars_result read{};
  if (is_percent) {
    read = std::from_chars(text.data(), last, limit.percent.emplace());
  } else {
    read = std::from_chars(text.data(), last, limit.count.emplace());
  }
  const bool in_range =
      is_percent ? *limit.percent >= 0 && *limit.percent <= 100 : limit.count.value_or(0) >= 0;
  if (read.ec != std::errc() || read.ptr != last || !in_range) {
    return InvalidSpec(origin,
                       "maxRejects is neither a number such as 100 nor a percentage such "
                       "as 1%, but " +
                           Quoted(text) + ". Correct it.");
  }
  return limit;
}

TableOutcome LoadTable(const api::PostgresAccess& postgres, const Job& job,
                       const LoadLimits& limits, ProgressMeter& progress) {
  TableOutcome outcome = {.result = {.status = {.name = job.dataset.name}}, .error = {}};
  const Result<BulkTarget> target = TargetOf(postgres, job);
  Result<BulkOptions> options = OptionsOf(job, limits);
  if (!target || !options) {
    outcome.error = !target ? target.error() : options.error();
    return outcome;
  }
  if (job.source.bytes() == std::int64_t{0}) {
    outcome.error = DataError(job.origin, {}, "it is empty. Give it records, or [] for none.");
    return outcome;
  }
  Listener listener(progress);
  BulkOutcome loaded =
      LoadBulk(*target, *options, job.source, job.origin, listener, progress.stop());
  if (loaded.error && loaded.is_another_source) {
    // What a FixtureSet says now is what counts, not what it said when a load was interrupted.
    options->force_new_source = true;
    loaded = LoadBulk(*target, *options, job.source, job.origin, listener, progress.stop());
  }
  outcome.result = ResultOf(job, loaded.report);
  if (loaded.error) {
    const std::string& reason = loaded.error->reason;
    const bool names_it =
        reason == api::reason::kInvalidData || reason == api::reason::kInvalidSpec;
    outcome.error = names_it
                        ? *std::move(loaded.error)
                        : WithContext(*std::move(loaded.error), "Dataset " + job.origin.dataset);
  }
  return outcome;
}

}  // namespace tenantry::load
