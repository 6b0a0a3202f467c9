#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/output_options.h"
#include "cli/store_options.h"
#include "common/api/tenant.h"
#include "common/base/result.h"

namespace CLI {
class App;
}

namespace tenantry::cli {

// `tenantry tenant init` as typed.
struct TenantInitArguments {
  StoreOptions store;
  OutputArguments output;
  std::string tenant_id, tier, admin_email, display_name;
  std::string isolation, template_name;
  std::string redis, redis_password_file;
  std::string binding_file;
  bool show_password = false;
  bool rotate = false;
  bool adopt = false;
  bool dry_run = false;
};

// The same, understood.
struct TenantInitOptions {
  StoreOptions store;
  OutputOptions output;
  api::TenantSpec tenant;
  std::string redis;  // a URL; empty: none
  std::string redis_password_file;
  std::string binding_file;  // empty: none
  bool show_password = false;
  bool rotate = false;
  bool adopt = false;
  bool dry_run = false;
};

struct TenantShowArguments {
  StoreOptions store;
  OutputArguments output;
  std::string tenant_id;
};
struct TenantShowOptions {
  StoreOptions store;
  OutputOptions output;
  api::TenantId tenant_id;  // empty: all
};

// `tenantry tenant` with its commands.
void AddTenantCommand(CLI::App& program, TenantInitArguments& init, TenantShowArguments& show);

// Pure. Errors are for exit code 2.
Result<TenantInitOptions> MakeTenantInitOptions(const TenantInitArguments& arguments);
Result<TenantShowOptions> MakeTenantShowOptions(const TenantShowArguments& arguments);

}  // namespace tenantry::cli
