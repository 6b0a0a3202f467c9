#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <cstdint>
#include <memory>
#include <string>

#include "common/base/result.h"

// Parsed certificates, in OpenSSL's types: only for this folder.
namespace tenantry::net {

struct OpenSslDeleter {
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(X509_STORE* store) const { X509_STORE_free(store); }
  void operator()(STACK_OF(X509) * chain) const { sk_X509_pop_free(chain, X509_free); }
};
using X509Ptr = std::unique_ptr<X509, OpenSslDeleter>;
using EvpPkeyPtr = std::unique_ptr<EVP_PKEY, OpenSslDeleter>;
using X509StorePtr = std::unique_ptr<X509_STORE, OpenSslDeleter>;
using X509StackPtr = std::unique_ptr<STACK_OF(X509), OpenSslDeleter>;

// A leaf with its chain and key.
struct CertifiedKey {
  X509Ptr leaf;
  X509StackPtr chain;  // intermediates that follow the leaf
  EvpPkeyPtr key;
};

// One state of a TlsIdentity. Immutable once made; OpenSSL's objects count their references.
struct TlsSnapshot {
  std::uint64_t generation = 0;  // grows with each reload
  CertifiedKey certified_key;
  X509StorePtr roots;  // null: of a server whose clients need no certificate
};

// kInvalid when the text holds no certificate or key, or they do not belong together. Messages name
// `certificate_name` and `key_name`, never contents.
Result<CertifiedKey> ParseCertifiedKey(const std::string& certificate_pem,
                                       const std::string& certificate_name,
                                       const std::string& key_pem, const std::string& key_name);
Result<X509StorePtr> ParseRoots(const std::string& pem, const std::string& name);

// The one URI subject alternative name of a certificate; empty when there is none or several
// (a SPIFFE certificate has exactly one).
std::string UriSubject(X509* certificate);

// The newest error of OpenSSL's queue on this thread in words, and empties the queue.
std::string TakeOpenSslError();

}  // namespace tenantry::net
