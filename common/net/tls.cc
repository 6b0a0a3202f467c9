#include "common/net/tls.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <fstream>
#include <iterator>
#include <optional>
#include <system_error>
#include <utility>

#include "common/base/mutex.h"
#include "common/base/secret.h"
#include "common/base/strings.h"
#include "common/net/tls_snapshot.h"

namespace tenantry::net {
namespace {

constexpr std::chrono::seconds kCheckInterval{1};

// What the three files held.
struct FileContents {
  std::string ca;
  std::string certificate;
  Secret key;

  friend bool operator==(const FileContents&, const FileContents&) = default;
};

Result<std::string> ReadFile(const std::string& path) {
  constexpr std::size_t kMaxBytes = 1 << 20;
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return Error{.code = ErrorCode::kInvalid,
                 .message = "cannot read " + path + ": " +
                            std::error_code(errno, std::generic_category()).message()};
  }
  std::string text(std::istreambuf_iterator<char>(file), {});
  if (file.bad() || text.size() > kMaxBytes) {
    return Error{.code = ErrorCode::kInvalid,
                 .message = "cannot read " + path + ": it is not a file of certificates"};
  }
  return text;
}

Result<FileContents> ReadFiles(const TlsFiles& files) {
  FileContents contents;
  if (!files.ca_file.empty()) {
    contents.ca = TRY(ReadFile(files.ca_file));
  }
  contents.certificate = TRY(ReadFile(files.certificate_file));
  contents.key = Secret(TRY(ReadFile(files.key_file)));
  return contents;
}

Result<std::shared_ptr<const TlsSnapshot>> MakeSnapshot(const TlsFiles& files,
                                                        const FileContents& contents,
                                                        std::uint64_t generation) {
  auto snapshot = std::make_shared<TlsSnapshot>();
  snapshot->generation = generation;
  snapshot->certified_key = TRY(ParseCertifiedKey(contents.certificate, files.certificate_file,
                                                  contents.key.reveal(), files.key_file));
  if (!files.ca_file.empty()) {
    snapshot->roots = TRY(ParseRoots(contents.ca, files.ca_file));
  }
  return std::shared_ptr<const TlsSnapshot>(std::move(snapshot));
}

class FileTlsIdentity final : public TlsIdentity {
 public:
  FileTlsIdentity(TlsFiles files, FileContents contents,
                  std::shared_ptr<const TlsSnapshot> snapshot)
      : files_(std::move(files)), seen_(std::move(contents)), snapshot_(std::move(snapshot)) {}

  void OnReload(std::function<void(const Result<void>&)> callback) override {
    const MutexLock lock(mutex_);
    on_reload_ = std::move(callback);
  }

  std::shared_ptr<const TlsSnapshot> Current() override {
    const MutexLock lock(mutex_);
    const auto now = std::chrono::steady_clock::now();
    if (now - checked_ >= kCheckInterval) {
      checked_ = now;
      CheckFiles();
    }
    return snapshot_;
  }

 private:
  void CheckFiles() REQUIRES(mutex_) {
    Result<FileContents> contents = ReadFiles(files_);
    if (!contents) {
      Report(contents.error());
      return;
    }
    if (contents.value() == seen_) {
      last_error_.reset();
      return;
    }
    auto snapshot = MakeSnapshot(files_, contents.value(), snapshot_->generation + 1);
    if (!snapshot) {
      Report(snapshot.error());
      return;
    }
    seen_ = std::move(contents).value();
    snapshot_ = std::move(snapshot).value();
    last_error_.reset();
    if (on_reload_) {
      on_reload_({});
    }
  }

  // The same error is told once, not every second.
  void Report(const Error& error) REQUIRES(mutex_) {
    if (last_error_ == error) {
      return;
    }
    last_error_ = error;
    if (on_reload_) {
      on_reload_(error);
    }
  }

  const TlsFiles files_;
  Mutex mutex_;
  FileContents seen_ GUARDED_BY(mutex_);
  std::shared_ptr<const TlsSnapshot> snapshot_ GUARDED_BY(mutex_);
  std::chrono::steady_clock::time_point checked_ GUARDED_BY(mutex_) =
      std::chrono::steady_clock::now();
  std::optional<Error> last_error_ GUARDED_BY(mutex_);
  std::function<void(const Result<void>&)> on_reload_ GUARDED_BY(mutex_);
};

// One path segment of a SPIFFE ID. Source: SPIFFE-ID specification, section 2.2.
bool IsSegment(std::string_view text) {
  return !text.empty() && text != "." && text != ".." &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '.' || c == '-' || c == '_';
         });
}

Result<std::shared_ptr<TlsIdentity>> LoadFiles(const TlsFiles& files) {
  FileContents contents = TRY(ReadFiles(files));
  std::shared_ptr<const TlsSnapshot> snapshot = TRY(MakeSnapshot(files, contents, 1));
  return std::shared_ptr<TlsIdentity>(
      std::make_shared<FileTlsIdentity>(files, std::move(contents), std::move(snapshot)));
}

}  // namespace

Result<std::shared_ptr<TlsIdentity>> TlsIdentity::Load(const TlsFiles& files) {
  if (files.ca_file.empty()) {
    return Error{.code = ErrorCode::kInvalid,
                 .message = "no file of the certificate authority is given"};
  }
  return LoadFiles(files);
}

Result<std::shared_ptr<TlsIdentity>> TlsIdentity::LoadServer(const std::string& certificate_file,
                                                             const std::string& key_file) {
  return LoadFiles({.certificate_file = certificate_file, .key_file = key_file});
}

bool MatchesPeerRule(const std::string& uri, const PeerRule& rule) {
  constexpr std::string_view kScheme = "spiffe://";
  if (!uri.starts_with(kScheme) || rule.trust_domain.empty() || rule.role.empty()) {
    return false;
  }
  const std::vector<std::string_view> parts =
      Split(std::string_view(uri).substr(kScheme.size()), '/');
  return parts.size() == 5 && parts[0] == rule.trust_domain && parts[1] == "ns" &&
         IsSegment(parts[2]) && parts[3] == rule.role && IsSegment(parts[4]);
}

}  // namespace tenantry::net
