#pragma once

#include <openssl/bio.h>

#include "common/net/socket.h"

namespace tenantry::net {

// OpenSSL's own socket BIO writes with write(2), which raises SIGPIPE when the peer has gone; this
// one does not. `socket` must outlive the BIO.
BIO* NewSocketBio(const UniqueFd& socket);

}  // namespace tenantry::net
