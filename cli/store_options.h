#pragma once

#include <string>

#include "common/base/result.h"

namespace CLI {
class App;
}

namespace tenantry::cli {

// Which PostgreSQL a command works with, as typed.
struct StoreOptions {
  std::string url;  // --store, or environment variable TENANTRY_STORE
  std::string password_file;
};
void AddStoreOptions(CLI::App& command, StoreOptions& options);

// kInvalid unless a store is named.
Result<void> CheckStoreOptions(const StoreOptions& options);

}  // namespace tenantry::cli
