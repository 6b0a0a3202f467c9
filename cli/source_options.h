#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "agent/load/database_export.h"
#include "agent/load/url_source.h"
#include "common/base/result.h"

namespace CLI {
class App;
}

namespace tenantry::cli {

// What a user may say about sources that are no files, as typed.
struct SourceArguments {
  std::string from_table, from_query, source_password_file;
  std::string sha256, url_user, url_password_file, url_token_file, max_download;
  bool allow_private_addresses = false;
};
void AddSourceOptions(CLI::App& command, SourceArguments& arguments);

// The same, understood.
struct SourceOptions {
  std::optional<load::DatabaseQuery> query;  // the sources are databases
  std::string password_file;                 // of a database
  load::UrlRequest url;                      // without URL and secrets
  std::string url_password_file, url_token_file;
};
// Pure. Errors are for exit code 2.
Result<SourceOptions> MakeSourceOptions(const SourceArguments& arguments);

enum class SourceKind { kFile, kStandardInput, kUrl, kPostgres, kSqlite };
// What a word of the command line names.
SourceKind KindOf(const std::string& source, const SourceOptions& options);
// Errors are for exit code 2: a password in a URL, a database without a table or query.
Result<void> CheckSource(const std::string& source, const SourceOptions& options);

}  // namespace tenantry::cli
