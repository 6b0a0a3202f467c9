#pragma once

#include <chrono>
#include <string>

#include "common/net/tls.h"

// Certificates for tests, made on the spot.
namespace tenantry::testing {

struct KeyPair {
  std::string certificate_pem;
  std::string key_pem;
};

KeyPair MakeAuthority(const std::string& common_name);

// A leaf's subject alternative names (empty: none of that type) and validity, from now.
struct LeafOptions {
  std::string uri;  // "spiffe://tenantry.dev/ns/default/agent/main-0"
  std::string dns;
  std::string ip;
  std::chrono::seconds valid_from{-3600};
  std::chrono::seconds valid_until{3600};
};
KeyPair MakeLeaf(const KeyPair& authority, const LeafOptions& options);

// A folder of its own, removed with all that is in it.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::string& path() const { return path_; }
  // Writes the file at once (by a rename) and returns its path.
  std::string Write(const std::string& name, const std::string& content) const;

 private:
  std::string path_;
};

// Writes <prefix>-ca.crt, <prefix>.crt and <prefix>.key.
net::TlsFiles WriteTlsFiles(const TemporaryFolder& folder, const std::string& prefix,
                            const std::string& ca_pem, const KeyPair& leaf);

}  // namespace tenantry::testing
