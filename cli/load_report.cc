#include "cli/load_report.h"

#include <algorithm>
#include <array>
#include <utility>

#include "cli/exit_code.h"
#include "cli/numbers.h"
#include "cli/result_text.h"
#include "common/base/strings.h"

namespace tenantry::cli {
namespace {

constexpr std::size_t kNameColumns = 12;
constexpr std::size_t kShownChecksum = 8;

using NamedCount = std::pair<const char*, std::int64_t>;

std::array<NamedCount, 6> NamedCounters(const api::Counters& counters) {
  return {{{"read", counters.read},
           {"inserted", counters.inserted},
           {"updated", counters.updated},
           {"unchanged", counters.unchanged},
           {"skipped", counters.skipped},
           {"rejected", counters.rejected}}};
}

// Rows of this run in a second; none: too short to say.
std::optional<double> RowsPerSecond(const load::BulkReport& report) {
  const std::int64_t rows = report.counters.read - report.resumed_rows;
  const bool measurable = rows > 0 && report.elapsed.count() > 0 && !report.loaded_before;
  return measurable ? std::optional(static_cast<double>(rows) * 1000 /
                                    static_cast<double>(report.elapsed.count()))
                    : std::nullopt;
}

std::string TimeLine(const load::BulkReport& report) {
  std::string line = FormatElapsed(report.elapsed);
  if (const auto rate = RowsPerSecond(report)) {
    line += ", " + FormatRate(*rate) + " rows/s";
  }
  if (!report.checksum.empty()) {
    line += ", checksum " + report.checksum.substr(0, kShownChecksum);
  }
  return line;
}

// What a reader has to know before the numbers mislead him.
std::vector<std::string> Remarks(const FileResult& result) {
  std::vector<std::string> remarks;
  if (result.dry_run) {
    remarks.emplace_back("Dry run: nothing was written.");
  }
  if (result.report.loaded_before) {
    remarks.emplace_back(
        "This very file was loaded before: the table was not touched "
        "(--full-refresh loads it again).");
  }
  if (result.report.created_table) {
    remarks.push_back("Created table " + result.schema + "." + result.table + ".");
  }
  if (result.report.resumed_rows > 0) {
    remarks.push_back(Counted(result.report.resumed_rows, "row") +
                      " of these were loaded before the interruption.");
  }
  return remarks;
}

std::string Rejects(const FileResult& result) {
  const std::int64_t rejected = result.report.counters.rejected;
  std::vector<std::string> reasons;
  for (const load::RejectReason& reason : result.report.reject_reasons) {
    reasons.push_back(Grouped(reason.count) + " × " + reason.text);
  }
  return Counted(rejected, "row") + (rejected == 1 ? " was rejected" : " were rejected") +
         (reasons.empty() ? "" : ": " + Join(reasons, ", ")) + ".";
}

const char* StateOf(const FileResult& result) {
  if (result.error) {
    return result.error->code == ErrorCode::kCancelled ? "Stopped" : "Failed";
  }
  return result.dry_run ? "DryRun" : result.report.loaded_before ? "LoadedBefore" : "Loaded";
}

Json ReasonsToJson(const std::vector<load::RejectReason>& reasons) {
  Json list = Json::array();
  for (const load::RejectReason& reason : reasons) {
    list.push_back({{"count", reason.count}, {"reason", reason.text}});
  }
  return list;
}

Json ToJson(const FileResult& result) {
  const load::BulkReport& report = result.report;
  Json json = {{"file", result.file},
               {"schema", result.schema},
               {"table", result.table},
               {"state", StateOf(result)}};
  for (const auto& [name, count] : NamedCounters(report.counters)) {
    json[name] = count;
  }
  const auto rate = RowsPerSecond(report);
  json["bytes"] = report.bytes;
  json["seconds"] = static_cast<double>(report.elapsed.count()) / 1000;
  json["rowsPerSecond"] = rate ? Json(static_cast<std::int64_t>(*rate)) : Json();
  json["checksum"] = report.checksum.empty() ? Json() : Json(report.checksum);
  json["loadedBefore"] = report.loaded_before;
  json["createdTable"] = report.created_table;
  json["resumedRows"] = report.resumed_rows;
  json["dryRun"] = result.dry_run;
  json["rejectsFile"] = result.reject_file.empty() ? Json() : Json(result.reject_file);
  json["rejectReasons"] = ReasonsToJson(report.reject_reasons);
  json["error"] = result.error
                      ? Json({{"code", std::string(tenantry::ToString(result.error->code))},
                              {"message", result.error->message}})
                      : Json();
  return json;
}

}  // namespace

int ExitCodeOf(const FileResult& result) {
  if (result.error) {
    return result.error->code == ErrorCode::kCancelled ? kExitCancelled : kExitFailed;
  }
  return result.report.counters.rejected > 0 ? kExitRejects : kExitOk;
}

std::string DescribeResult(const FileResult& result) {
  const load::BulkReport& report = result.report;
  std::vector<std::string> counts;
  for (const auto& [name, count] : NamedCounters(report.counters)) {
    counts.push_back(std::string(name) + " " + Grouped(count));
  }
  const std::string indent(kNameColumns + 2, ' ');
  std::string name = Shorten(result.table);
  name.append(name.size() < kNameColumns ? kNameColumns - name.size() : 0, ' ');
  std::string text = name + "  " + Join(counts, "   ") + "\n" + indent + TimeLine(report) + "\n";
  for (const std::string& remark : Remarks(result)) {
    text += indent + remark + "\n";
  }
  if (report.counters.rejected > 0) {
    text += Rejects(result) + "\n";
    if (!result.reject_file.empty()) {
      text += indent + result.reject_file + " has each with its line, column and reason.\n";
    }
  }
  return text;
}

std::string FormatResults(const std::vector<FileResult>& results, int exit_code,
                          OutputFormat format) {
  Json files = Json::array();
  for (const FileResult& result : results) {
    files.push_back(ToJson(result));
  }
  return FormatDocument({{"files", files}, {"exitCode", exit_code}}, format);
}

}  // namespace tenantry::cli
