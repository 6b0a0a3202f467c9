#pragma once

#include <openssl/bio.h>

namespace tenantry::net {

// OpenSSL's own socket BIO writes with write(2), which raises SIGPIPE when the peer has gone; this
// one does not. The BIO does not own `fd`.
BIO* NewSocketBio(int fd);

}  // namespace tenantry::net
