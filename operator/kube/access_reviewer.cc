#include "operator/kube/access_reviewer.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "common/base/sha256.h"
#include "common/telemetry/log.h"
#include "operator/kube/access_review.h"

namespace tenantry::kube {
namespace {

net::ServerResponse PlainText(int status, std::string text) {
  return {.status = status, .body = std::move(text), .content_type = "text/plain; charset=utf-8"};
}

// "get" of GET, as Kubernetes names the verbs of non-resource URLs.
std::string VerbOf(std::string method) {
  std::ranges::transform(method, method.begin(), [](unsigned char letter) {
    return static_cast<char>(std::tolower(letter));
  });
  return method;
}

}  // namespace

Result<Access> AccessReviewer::Review(const Secret& bearer, const std::string& path,
                                      const std::string& verb) {
  if (bearer.empty()) {
    return Access::kUnauthenticated;
  }
  const AccessCache::Question question{
      .token = Sha256Hex(bearer.reveal()), .path = path, .verb = verb};
  {
    MutexLock lock(mutex_);
    if (const std::optional<Access> known = cache_.Find(question, clock_.Monotonic())) {
      return *known;
    }
  }
  Result<Access> answer = Ask(bearer, path, verb);
  if (answer) {
    MutexLock lock(mutex_);
    cache_.Remember(question, *answer, clock_.Monotonic());
  }
  return answer;
}

Result<Access> AccessReviewer::Ask(const Secret& bearer, const std::string& path,
                                   const std::string& verb) {
  const Json token_review = TRY(client_.Create(kTokenReviews, {}, MakeTokenReview(bearer)));
  const std::optional<UserInfo> user = TRY(DecodeTokenReview(token_review));
  if (!user) {
    return Access::kUnauthenticated;
  }
  const Json access_review =
      TRY(client_.Create(kAccessReviews, {}, MakeAccessReview(*user, path, verb)));
  const bool allowed = TRY(DecodeAccessReview(access_review));
  return allowed ? Access::kAllowed : Access::kForbidden;
}

std::optional<net::ServerResponse> AccessReviewer::Refuse(const net::ServerRequest& request) {
  const Result<Access> access =
      Review(BearerToken(request.headers), request.path, VerbOf(request.method));
  if (!access) {
    log::Warn("cannot find out who may read",
              {{"path", request.path}, {"error", access.error().message}});
    return PlainText(500, "The Kubernetes API could not tell who may read this.\n");
  }
  switch (*access) {
    case Access::kAllowed:
      return std::nullopt;
    case Access::kUnauthenticated:
      return PlainText(401, "Unauthorized\n");
    case Access::kForbidden:
      return PlainText(403, "Forbidden\n");
  }
  return PlainText(403, "Forbidden\n");
}

}  // namespace tenantry::kube
