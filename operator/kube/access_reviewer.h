#pragma once

#include <optional>
#include <string>

#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/base/result.h"
#include "common/base/secret.h"
#include "common/net/http_server.h"
#include "operator/kube/access_cache.h"
#include "operator/kube/client.h"

namespace tenantry::kube {

// Asks the API server who may do what, by TokenReview and SubjectAccessReview, as
// controller-runtime's pkg/metrics/filters does. Remembers answers for a short while. Thread-safe.
// Our own account needs the right to create both kinds of review.
class AccessReviewer {
 public:
  AccessReviewer(Client& client, const Clock& clock) : client_(client), clock_(clock) {}

  // Whether the holder of `bearer` may `verb` ("get") the non-resource URL `path`. An error: the
  // API server could not tell.
  Result<Access> Review(const Secret& bearer, const std::string& path, const std::string& verb);
  // The same for a request to a server of ours. Nothing: it may pass. Otherwise its answer: 401
  // without a token, or with a wrong one; 403 when its holder may not; 500 when nobody could tell.
  std::optional<net::ServerResponse> Refuse(const net::ServerRequest& request);

 private:
  Result<Access> Ask(const Secret& bearer, const std::string& path, const std::string& verb);

  Client& client_;
  const Clock& clock_;
  Mutex mutex_;
  AccessCache cache_ GUARDED_BY(mutex_);
};

}  // namespace tenantry::kube
