#include "operator/kube/token_source.h"

#include <utility>

#include "common/base/strings.h"
#include "common/telemetry/log.h"
#include "operator/kube/files.h"

namespace tenantry::kube {
namespace {

constexpr std::chrono::seconds kReadInterval{10};

Result<Secret> ReadToken(const std::string& file) {
  const std::string text = TRY(ReadFile(file));
  Secret token{std::string(Trim(text))};
  if (token.empty()) {
    return Error{ErrorCode::kInvalid, "the token file " + file + " is empty"};
  }
  return token;
}

}  // namespace

Result<std::unique_ptr<TokenSource>> TokenSource::Make(Secret token, std::string file) {
  if (!file.empty()) {
    Result<Secret> read = ReadToken(file);
    if (!read) {
      return Error{ErrorCode::kInvalid, read.error().message};
    }
    token = std::move(read).value();
  }
  return std::unique_ptr<TokenSource>(new TokenSource(std::move(token), std::move(file)));
}

Secret TokenSource::Current() {
  {
    MutexLock lock(mutex_);
    const auto now = std::chrono::steady_clock::now();
    if (file_.empty() || now < next_read_) {
      return token_;
    }
    next_read_ = now + kReadInterval;  // one thread reads; the others go on with the old token
  }
  return Reread();
}

Secret TokenSource::Refresh() { return Reread(); }

Secret TokenSource::Reread() {
  Result<Secret> token = file_.empty() ? Error{} : ReadToken(file_);
  if (!token && !file_.empty()) {
    log::Warn("cannot read the token of the Kubernetes API; the old one stays in use",
              {{"error", token.error().message}});
  }
  MutexLock lock(mutex_);
  if (token) {
    token_ = std::move(token).value();
  }
  return token_;
}

}  // namespace tenantry::kube
