#include "common/net/tls_snapshot.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <climits>
#include <utility>

namespace tenantry::net {
namespace {

struct BioDeleter {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
using BioPtr = std::unique_ptr<BIO, BioDeleter>;

struct GeneralNamesDeleter {
  void operator()(GENERAL_NAMES* names) const { GENERAL_NAMES_free(names); }
};
using GeneralNamesPtr = std::unique_ptr<GENERAL_NAMES, GeneralNamesDeleter>;

BioPtr OpenText(const std::string& text) {
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(std::min<std::size_t>(
                                                 text.size(), static_cast<std::size_t>(INT_MAX)))));
}

// An encrypted key must fail, not ask for its password on the terminal.
int RefusePassword(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*data*/) { return -1; }

X509Ptr ReadCertificate(BIO* bio) {
  return X509Ptr(PEM_read_bio_X509(bio, nullptr, RefusePassword, nullptr));
}

Error Invalid(const std::string& name, const std::string& why) {
  TakeOpenSslError();
  return Error{.code = ErrorCode::kInvalid, .message = name + " " + why};
}

}  // namespace

Result<CertifiedKey> ParseCertifiedKey(const std::string& certificate_pem,
                                       const std::string& certificate_name,
                                       const std::string& key_pem, const std::string& key_name) {
  CertifiedKey result;
  const BioPtr certificates = OpenText(certificate_pem);
  result.leaf = ReadCertificate(certificates.get());
  if (result.leaf == nullptr) {
    return Invalid(certificate_name, "holds no certificate in PEM form");
  }
  result.chain.reset(sk_X509_new_null());
  while (X509Ptr next = ReadCertificate(certificates.get())) {
    sk_X509_push(result.chain.get(), next.release());
  }
  const BioPtr key = OpenText(key_pem);
  result.key.reset(PEM_read_bio_PrivateKey(key.get(), nullptr, RefusePassword, nullptr));
  if (result.key == nullptr) {
    return Invalid(key_name, "holds no unencrypted private key in PEM form");
  }
  if (X509_check_private_key(result.leaf.get(), result.key.get()) != 1) {
    return Invalid(key_name, "is not the private key of " + certificate_name);
  }
  TakeOpenSslError();
  return result;
}

Result<X509StorePtr> ParseRoots(const std::string& pem, const std::string& name) {
  X509StorePtr store(X509_STORE_new());
  const BioPtr certificates = OpenText(pem);
  int count = 0;
  while (const X509Ptr root = ReadCertificate(certificates.get())) {
    X509_STORE_add_cert(store.get(), root.get());
    ++count;
  }
  if (count == 0) {
    return Invalid(name, "holds no certificate in PEM form");
  }
  TakeOpenSslError();
  return store;
}

std::string UriSubject(X509* certificate) {
  const GeneralNamesPtr names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  std::string subject;
  int count = 0;
  for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_URI) {
      continue;
    }
    const ASN1_IA5STRING* uri = name->d.uniformResourceIdentifier;
    const auto* bytes = ASN1_STRING_get0_data(uri);
    subject.assign(bytes, bytes + ASN1_STRING_length(uri));
    ++count;
  }
  return count == 1 ? subject : "";
}

std::string TakeOpenSslError() {
  const unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason == nullptr ? "" : reason;
}

}  // namespace tenantry::net
