#pragma once

#include <ostream>
#include <string>

#include "agent/load/read/batch_reader.h"

namespace tenantry::cli {

enum class InspectOutput { kTable, kJson, kCsv, kNdjson };

struct InspectOptions {
  std::string file;  // "-": standard input
  load::ReadOptions read;
  std::string mapping_file;  // empty: none
  InspectOutput output = InspectOutput::kTable;
};

// `tenantry inspect`: what the file holds (kTable for people, kJson as inspect_report.h says), or
// its rows in one form (kCsv, kNdjson, see rows.h), without the rejected ones, which are told to
// `err`. Returns the exit code: kExitFailed when the file cannot be read, kExitRejects when records
// were rejected.
int RunInspect(const InspectOptions& options, std::ostream& out, std::ostream& err);

}  // namespace tenantry::cli
