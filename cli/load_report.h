#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/load/bulk_load.h"
#include "cli/console.h"
#include "cli/output_options.h"
#include "common/base/error.h"

// What loads have come to, as text. Pure.
namespace tenantry::cli {

struct FileResult {
  std::string file;    // as given
  std::string schema;  // of the table
  std::string table;
  std::string reject_file;  // where the rejected records are; empty: there are none
  bool dry_run = false;
  load::BulkReport report;
  std::optional<Error> error;
};

int ExitCodeOf(const FileResult& result);

// For people: the counters, the time, and what was rejected.
std::string DescribeResult(const FileResult& result);
// {"files": [{"file", "schema", "table", "state", "read", "inserted", …}], "exitCode"}
std::string FormatResults(const std::vector<FileResult>& results, int exit_code,
                          OutputFormat format);

}  // namespace tenantry::cli
