#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "common/base/mutex.h"
#include "common/base/result.h"
#include "common/base/secret.h"

namespace tenantry::kube {

// The bearer token: a fixed one, or that of a file, which is read again at most every ten seconds
// (the kubelet replaces a projected token about every hour). A file that cannot be read keeps the
// token in use. Thread-safe.
class TokenSource {
 public:
  // `file` wins when it is not empty. kInvalid: it cannot be read.
  static Result<std::unique_ptr<TokenSource>> Make(Secret token, std::string file);

  Secret Current();  // empty: none
  // After the server refused `refused`: reads the file now and returns what is in use then.
  Secret Refresh();

 private:
  TokenSource(Secret token, std::string file) : file_(std::move(file)), token_(std::move(token)) {}
  Secret Reread();

  const std::string file_;
  Mutex mutex_;
  Secret token_ GUARDED_BY(mutex_);
  std::chrono::steady_clock::time_point next_read_ GUARDED_BY(mutex_);
};

}  // namespace tenantry::kube
