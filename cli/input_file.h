#pragma once

#include <memory>
#include <string>

#include "agent/load/source.h"
#include "common/base/result.h"

namespace tenantry::cli {

// How often a source is going to be read. A pipe gives its bytes once: for kSeveral they are kept
// in a temporary file without a name.
enum class Passes { kOne, kSeveral };

// The bytes of the file at `path`; "-" is standard input. kInvalid/SourceNotFound when there is no
// such file or it cannot be read.
Result<std::unique_ptr<load::Source>> OpenInputFile(const std::string& path, Passes passes);

}  // namespace tenantry::cli
