#pragma once

#include "common/base/secret.h"

namespace tenantry {

// 32 letters and digits (190 bits) from the kernel's generator (getrandom). Thread-safe.
Secret RandomPassword();

}  // namespace tenantry
