#include "operator/kube/access_review.h"

#include <algorithm>
#include <cctype>
#include <string_view>

#include "common/base/strings.h"
#include "operator/kube/decode.h"

namespace tenantry::kube {
namespace {

bool IsBearer(std::string_view scheme) {
  constexpr std::string_view kBearer = "bearer";
  return std::ranges::equal(scheme, kBearer, [](unsigned char given, unsigned char wanted) {
    return std::tolower(given) == wanted;
  });
}

Error NoAnswer(const char* kind) {
  return Error{ErrorCode::kInternal, std::string("the answer to a ") + kind + " has no status"};
}

// The status of a review; null when there is none.
const Json* StatusOf(const Json& review) {
  const auto status = review.is_object() ? review.find("status") : review.end();
  return review.is_object() && status != review.end() && status->is_object() ? &*status : nullptr;
}

// A flag that is absent is false: that is how the API leaves it out.
std::optional<bool> FlagOf(const Json& status, const char* name) {
  const auto flag = status.find(name);
  if (flag == status.end()) {
    return false;
  }
  return flag->is_boolean() ? std::optional(flag->get<bool>()) : std::nullopt;
}

}  // namespace

Secret BearerToken(const net::Headers& headers) {
  const auto found =
      std::ranges::find(headers, "authorization", [](const auto& header) { return header.first; });
  if (found == headers.end()) {
    return {};
  }
  const std::string_view value = Trim(found->second);
  const std::size_t blank = std::min(value.find(' '), value.size());
  return IsBearer(value.substr(0, blank)) ? Secret(std::string(Trim(value.substr(blank))))
                                          : Secret();
}

Json MakeTokenReview(const Secret& token) {
  return {{"apiVersion", kTokenReviews.api_version()},
          {"kind", kTokenReviews.kind},
          {"spec", {{"token", token.reveal()}}}};
}

Result<std::optional<UserInfo>> DecodeTokenReview(const Json& review) {
  const Json* const status = StatusOf(review);
  if (status == nullptr) {
    return NoAnswer("TokenReview");
  }
  const std::optional<bool> authenticated = FlagOf(*status, "authenticated");
  if (!authenticated) {
    return NoAnswer("TokenReview");
  }
  if (!*authenticated) {
    return std::optional<UserInfo>();
  }
  UserInfo user{.name = StringAt(*status, {"user", "username"}),
                .uid = StringAt(*status, {"user", "uid"})};
  if (user.name.empty()) {
    return Error{ErrorCode::kInternal, "the answer to a TokenReview names no user"};
  }
  const Json& given = status->at("user");
  user.groups = given.value("groups", user.groups);
  user.extra = given.value("extra", user.extra);
  return std::optional(std::move(user));
}

Json MakeAccessReview(const UserInfo& user, const std::string& path, const std::string& verb) {
  return {{"apiVersion", kAccessReviews.api_version()},
          {"kind", kAccessReviews.kind},
          {"spec",
           {{"user", user.name},
            {"uid", user.uid},
            {"groups", user.groups},
            {"extra", user.extra},
            {"nonResourceAttributes", {{"path", path}, {"verb", verb}}}}}};
}

Result<bool> DecodeAccessReview(const Json& review) {
  const Json* const status = StatusOf(review);
  if (status == nullptr) {
    return NoAnswer("SubjectAccessReview");
  }
  const std::optional<bool> allowed = FlagOf(*status, "allowed");
  const std::optional<bool> denied = FlagOf(*status, "denied");
  if (!allowed || !denied) {
    return NoAnswer("SubjectAccessReview");
  }
  return *allowed && !*denied;
}

}  // namespace tenantry::kube
