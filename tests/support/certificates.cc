#include "tests/support/certificates.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace tenantry::testing {
namespace {

struct Deleter {
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509_EXTENSION* extension) const { X509_EXTENSION_free(extension); }
};
using X509Ptr = std::unique_ptr<X509, Deleter>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Deleter>;
using BioPtr = std::unique_ptr<BIO, Deleter>;

void Require(bool condition) {
  if (!condition) {
    throw std::runtime_error("OpenSSL could not make a certificate");
  }
}

KeyPtr NewKey() {
  KeyPtr key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
  Require(key != nullptr);
  return key;
}

X509Ptr NewCertificate(EVP_PKEY* key, const std::string& common_name, std::chrono::seconds from,
                       std::chrono::seconds until) {
  static std::atomic<long> serial{1};
  X509Ptr certificate(X509_new());
  Require(certificate != nullptr);
  X509_set_version(certificate.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial++);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), static_cast<long>(from.count()));
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), static_cast<long>(until.count()));
  X509_set_pubkey(certificate.get(), key);
  X509_NAME* name = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1,
                             0);
  return certificate;
}

void AddExtension(X509* certificate, X509* issuer, int type, const std::string& value) {
  X509V3_CTX context{};
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const std::unique_ptr<X509_EXTENSION, Deleter> extension(
      X509V3_EXT_conf_nid(nullptr, &context, type, value.c_str()));
  Require(extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1);
}

std::string Text(BIO* bio) {
  const char* data = nullptr;
  const long size = BIO_ctrl(bio, BIO_CTRL_INFO, 0, &data);
  return std::string(data, static_cast<std::size_t>(size));
}

KeyPair ToPem(X509* certificate, EVP_PKEY* key) {
  const BioPtr certificate_text(BIO_new(BIO_s_mem()));
  const BioPtr key_text(BIO_new(BIO_s_mem()));
  Require(PEM_write_bio_X509(certificate_text.get(), certificate) == 1);
  Require(PEM_write_bio_PrivateKey(key_text.get(), key, nullptr, nullptr, 0, nullptr, nullptr) ==
          1);
  return {.certificate_pem = Text(certificate_text.get()), .key_pem = Text(key_text.get())};
}

std::string SubjectNames(const LeafOptions& options) {
  std::string names;
  for (const auto& [type, value] : {std::pair{"URI:", options.uri}, std::pair{"DNS:", options.dns},
                                    std::pair{"IP:", options.ip}}) {
    if (!value.empty()) {
      names += (names.empty() ? "" : ",") + (type + value);
    }
  }
  return names;
}

}  // namespace

KeyPair MakeAuthority(const std::string& common_name) {
  using std::chrono::hours;
  const KeyPtr key = NewKey();
  const X509Ptr certificate = NewCertificate(key.get(), common_name, -hours(1), hours(24));
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate.get()));
  AddExtension(certificate.get(), certificate.get(), NID_basic_constraints, "critical,CA:TRUE");
  AddExtension(certificate.get(), certificate.get(), NID_key_usage, "critical,keyCertSign");
  AddExtension(certificate.get(), certificate.get(), NID_subject_key_identifier, "hash");
  Require(X509_sign(certificate.get(), key.get(), EVP_sha256()) > 0);
  return ToPem(certificate.get(), key.get());
}

KeyPair MakeLeaf(const KeyPair& authority, const LeafOptions& options) {
  const BioPtr issuer_text(BIO_new_mem_buf(authority.certificate_pem.data(), -1));
  const BioPtr issuer_key_text(BIO_new_mem_buf(authority.key_pem.data(), -1));
  const X509Ptr issuer(PEM_read_bio_X509(issuer_text.get(), nullptr, nullptr, nullptr));
  const KeyPtr issuer_key(
      PEM_read_bio_PrivateKey(issuer_key_text.get(), nullptr, nullptr, nullptr));
  Require(issuer != nullptr && issuer_key != nullptr);

  const KeyPtr key = NewKey();
  const X509Ptr certificate =
      NewCertificate(key.get(), "leaf", options.valid_from, options.valid_until);
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(issuer.get()));
  AddExtension(certificate.get(), issuer.get(), NID_basic_constraints, "critical,CA:FALSE");
  AddExtension(certificate.get(), issuer.get(), NID_ext_key_usage, "serverAuth,clientAuth");
  if (const std::string names = SubjectNames(options); !names.empty()) {
    AddExtension(certificate.get(), issuer.get(), NID_subject_alt_name, names);
  }
  Require(X509_sign(certificate.get(), issuer_key.get(), EVP_sha256()) > 0);
  return ToPem(certificate.get(), key.get());
}

TemporaryFolder::TemporaryFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "tenantry-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) {
    throw std::runtime_error("cannot make a temporary folder " + pattern);
  }
  path_ = pattern;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TemporaryFolder::Write(const std::string& name, const std::string& content) const {
  const std::string path = path_ + "/" + name;
  std::ofstream(path + ".new", std::ios::binary) << content;
  std::filesystem::rename(path + ".new", path);
  return path;
}

net::TlsFiles WriteTlsFiles(const TemporaryFolder& folder, const std::string& prefix,
                            const std::string& ca_pem, const KeyPair& leaf) {
  return {.ca_file = folder.Write(prefix + "-ca.crt", ca_pem),
          .certificate_file = folder.Write(prefix + ".crt", leaf.certificate_pem),
          .key_file = folder.Write(prefix + ".key", leaf.key_pem)};
}

}  // namespace tenantry::testing
