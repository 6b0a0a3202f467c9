#pragma once

#include <stop_token>

#include "agent/load/bulk_load.h"
#include "cli/console.h"
#include "cli/load_options.h"
#include "common/api/protocol.h"
#include "common/base/result.h"

namespace tenantry::cli {

// Where the rows go, and as whom: of a tenant what the catalogue of the store's database says.
// kNotFound when there is no such tenant.
Result<load::BulkTarget> FindTarget(const LoadOptions& options, const api::PostgresAccess& store,
                                    const Console& console, const std::stop_token& stop);

// Pure. The first schema of a search_path as ALTER ROLE keeps it ("tenant_acme, public"); empty
// when that is "$user" or nothing.
std::string FirstSchema(std::string_view search_path);

}  // namespace tenantry::cli
