#include "cli/store_options.h"

#include <CLI/CLI.hpp>

#include "cli/store_url.h"

namespace tenantry::cli {

void AddStoreOptions(CLI::App& command, StoreOptions& options) {
  constexpr char kGroup[] = "Store";
  command
      .add_option("--store", options.url,
                  "PostgreSQL, as libpq takes it: postgres://user@host:port/database. What it does "
                  "not say comes from PGHOST, PGPORT, PGUSER, PGDATABASE and PGSSLMODE")
      ->envname("TENANTRY_STORE")
      ->option_text("URL (Env:TENANTRY_STORE)")
      ->group(kGroup);
  command
      .add_option("--password-file", options.password_file,
                  "File whose first line is the password. Without it: PGPASSWORD, PGPASSFILE, "
                  "~/.pgpass, or a prompt")
      ->option_text("FILE")
      ->group(kGroup);
}

Result<void> CheckStoreOptions(const StoreOptions& options) {
  if (options.url.empty()) {
    return Error{ErrorCode::kInvalid,
                 "--store is required: the PostgreSQL to work with, e.g. "
                 "postgres://postgres@localhost/app."};
  }
  const Result<StoreUrl> url = ParseStoreUrl(options.url);
  return url ? Result<void>() : url.error();
}

}  // namespace tenantry::cli
