#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/load/bulk_load.h"
#include "cli/output_options.h"
#include "cli/read_options.h"
#include "cli/source_options.h"
#include "cli/store_options.h"
#include "common/base/result.h"

namespace CLI {
class App;
}

namespace tenantry::cli {

// `tenantry load` as typed.
struct LoadArguments {
  StoreOptions store;
  OutputArguments output;
  std::string table, schema, tenant, role;
  std::string key, conflict, cursor;
  ReadArguments read;
  SourceArguments source;
  bool create_table = false;
  bool dry_run = false;
  bool incremental = false;
  bool full_refresh = false;
  bool force_new_source = false;
  std::string connections, memory_limit, max_rejects, rejects, unknown_columns;
  std::vector<std::string> files;
};
void AddLoadCommand(CLI::App& program, LoadArguments& arguments);

// The same, understood.
struct LoadOptions {
  StoreOptions store;
  OutputOptions output;
  std::string table;
  std::string schema;  // empty: the tenant's, or public
  std::string tenant;
  std::string role;
  load::BulkOptions bulk;    // without reject_file and mapping
  std::string mapping_file;  // empty: none
  std::string reject_file;   // empty: one beside each source
  SourceOptions source;
  std::vector<std::string> files;
};
// Pure. Errors are for exit code 2.
Result<LoadOptions> MakeLoadOptions(const LoadArguments& arguments);

}  // namespace tenantry::cli
