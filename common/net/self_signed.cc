#include "common/net/self_signed.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <array>
#include <utility>

#include "common/base/mutex.h"
#include "common/net/socket.h"
#include "common/net/tls.h"

namespace tenantry::net {
namespace {

constexpr std::chrono::hours kValidity{365 * 24};
constexpr std::chrono::hours kRenewAfter = kValidity * 2 / 3;
constexpr std::chrono::hours kClockSkew{1};

struct ExtensionDeleter {
  void operator()(X509_EXTENSION* extension) const { X509_EXTENSION_free(extension); }
};

// Clients that remember a certificate (browsers) want no two with one serial number.
bool SetRandomSerial(X509* certificate) {
  std::array<unsigned char, 16> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) {
    return false;
  }
  bytes[0] &= 0x7f;  // positive
  struct NumberDeleter {
    void operator()(BIGNUM* number) const { BN_free(number); }
  };
  const std::unique_ptr<BIGNUM, NumberDeleter> number(
      BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
  return number != nullptr &&
         BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool SetName(X509* certificate, const std::string& common_name) {
  X509_NAME* subject = X509_get_subject_name(certificate);
  const auto* text = reinterpret_cast<const unsigned char*>(common_name.c_str());
  return X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, text, -1, -1, 0) == 1 &&
         X509_set_issuer_name(certificate, subject) == 1;
}

bool SetValidity(X509* certificate, WallTime from, WallTime until) {
  return ASN1_TIME_set(X509_getm_notBefore(certificate),
                       std::chrono::system_clock::to_time_t(from)) != nullptr &&
         ASN1_TIME_set(X509_getm_notAfter(certificate),
                       std::chrono::system_clock::to_time_t(until)) != nullptr;
}

bool AddExtension(X509* certificate, int type, const std::string& value) {
  X509V3_CTX context{};
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  const std::unique_ptr<X509_EXTENSION, ExtensionDeleter> extension(
      X509V3_EXT_conf_nid(nullptr, &context, type, value.c_str()));
  return extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1;
}

std::string AlternativeNames(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) {
    text += std::string(text.empty() ? "" : ",") + (IsIpAddress(name) ? "IP:" : "DNS:") + name;
  }
  return text;
}

bool AddExtensions(X509* certificate, const std::vector<std::string>& names) {
  return AddExtension(certificate, NID_basic_constraints, "critical,CA:TRUE") &&
         AddExtension(certificate, NID_key_usage, "critical,digitalSignature,keyCertSign") &&
         AddExtension(certificate, NID_ext_key_usage, "serverAuth") &&
         AddExtension(certificate, NID_subject_alt_name, AlternativeNames(names));
}

// A certificate of our own making, with its successors.
class SelfSignedIdentity final : public TlsIdentity {
 public:
  SelfSignedIdentity(std::vector<std::string> names, const Clock& clock)
      : names_(std::move(names)), clock_(clock) {}

  void OnReload(std::function<void(const Result<void>&)> callback) override {
    const MutexLock lock(mutex_);
    on_reload_ = std::move(callback);
  }

  std::shared_ptr<const TlsSnapshot> Current() override {
    const MutexLock lock(mutex_);
    if (clock_.Now() >= renew_at_) {
      const Result<void> renewed = Renew();
      if (on_reload_) {
        on_reload_(renewed);
      }
    }
    return snapshot_;
  }

  Result<void> MakeFirst() {
    const MutexLock lock(mutex_);
    return Renew();
  }

 private:
  Result<void> Renew() REQUIRES(mutex_) {
    const WallTime now = clock_.Now();
    auto next = std::make_shared<TlsSnapshot>();
    next->generation = snapshot_ == nullptr ? 1 : snapshot_->generation + 1;
    next->certified_key = TRY(MakeSelfSignedKey(names_, now, kValidity));
    snapshot_ = std::move(next);
    renew_at_ = now + kRenewAfter;
    return {};
  }

  const std::vector<std::string> names_;
  const Clock& clock_;
  Mutex mutex_;
  std::shared_ptr<const TlsSnapshot> snapshot_ GUARDED_BY(mutex_);
  WallTime renew_at_ GUARDED_BY(mutex_);
  std::function<void(const Result<void>&)> on_reload_ GUARDED_BY(mutex_);
};

}  // namespace

Result<CertifiedKey> MakeSelfSignedKey(const std::vector<std::string>& names, WallTime now,
                                       std::chrono::hours validity) {
  CertifiedKey made;
  made.key.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
  made.leaf.reset(X509_new());
  made.chain.reset(sk_X509_new_null());
  X509* certificate = made.leaf.get();
  const bool is_made = made.key != nullptr && certificate != nullptr && made.chain != nullptr &&
                       !names.empty() && X509_set_version(certificate, X509_VERSION_3) == 1 &&
                       SetRandomSerial(certificate) && SetName(certificate, "tenantry") &&
                       SetValidity(certificate, now - kClockSkew, now + validity) &&
                       X509_set_pubkey(certificate, made.key.get()) == 1 &&
                       AddExtensions(certificate, names) &&
                       X509_sign(certificate, made.key.get(), EVP_sha256()) > 0;
  if (!is_made) {
    return Error{.code = ErrorCode::kInternal,
                 .message = "cannot make a self-signed certificate: " + TakeOpenSslError()};
  }
  return made;
}

Result<std::shared_ptr<TlsIdentity>> TlsIdentity::MakeSelfSigned(
    const std::vector<std::string>& names, const Clock& clock) {
  auto identity = std::make_shared<SelfSignedIdentity>(names, clock);
  TRY(identity->MakeFirst());
  return std::shared_ptr<TlsIdentity>(std::move(identity));
}

}  // namespace tenantry::net
