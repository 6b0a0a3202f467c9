#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/net/tls_snapshot.h"

// Certificates that nobody but ourselves vouches for, in OpenSSL's types: only for this folder.
namespace tenantry::net {

// A new P-256 key and its certificate for these DNS names and IP addresses (at least one), valid
// from an hour before `now`, so that clocks may differ, until `validity` after it.
Result<CertifiedKey> MakeSelfSignedKey(const std::vector<std::string>& names, WallTime now,
                                       std::chrono::hours validity);

}  // namespace tenantry::net
