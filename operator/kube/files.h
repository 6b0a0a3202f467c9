#pragma once

#include <string>

#include "common/base/result.h"

namespace tenantry::kube {

// The content of a file of at most 4 MiB (kubeconfigs, certificates, tokens). kNotFound: there is
// none; kInvalid: it cannot be read, or is larger.
Result<std::string> ReadFile(const std::string& path);

}  // namespace tenantry::kube
