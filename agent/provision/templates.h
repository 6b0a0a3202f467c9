#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/api/protocol.h"
#include "common/base/result.h"

namespace tenantry::agent {

// The migrations of a built-in template ("Music"). kInvalid/InvalidSpec for another name.
Result<std::vector<api::MigrationFile>> BuiltInTemplate(const std::string& name);

// The SQL that makes the catalogue, oldest version first.
std::vector<std::string> CatalogueVersions();

}  // namespace tenantry::agent
