#pragma once

#include <optional>
#include <string>

#include "common/base/result.h"
#include "common/base/secret.h"
#include "common/net/http_client.h"
#include "operator/kube/client.h"

// What is asked of, and answered by, authentication.k8s.io and authorization.k8s.io. Pure.
namespace tenantry::kube {

// Somebody whom the API server knows.
struct UserInfo {
  std::string name;
  std::string uid;
  Json groups = Json::array();
  Json extra = Json::object();
};

// The token of "Authorization: Bearer …"; empty: there is none.
Secret BearerToken(const net::Headers& headers);

// A TokenReview that asks whose token this is. It holds the token: for sending only.
Json MakeTokenReview(const Secret& token);
// None: nobody's, or of another audience. kInternal: this is no answer to a TokenReview.
Result<std::optional<UserInfo>> DecodeTokenReview(const Json& review);

// A SubjectAccessReview that asks whether `user` may `verb` ("get") the non-resource URL `path`.
Json MakeAccessReview(const UserInfo& user, const std::string& path, const std::string& verb);
// kInternal: this is no answer to a SubjectAccessReview.
Result<bool> DecodeAccessReview(const Json& review);

}  // namespace tenantry::kube
