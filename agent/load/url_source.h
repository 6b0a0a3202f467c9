#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "agent/load/path_source.h"
#include "common/base/result.h"
#include "common/base/secret.h"

// Sources at a URL.
namespace tenantry::load {

// How we say who we are: `user` and `password` as HTTP's Basic, or `bearer`; none set: not at all.
struct UrlCredentials {
  std::string user;
  Secret password;
  Secret bearer;
};

// Whether addresses of this machine and of private networks may be connected to.
enum class PrivateAddresses { kRefused, kAllowed };

struct UrlRequest {
  std::string url;  // http:// or https://, without user and password
  UrlCredentials credentials;
  std::string sha256;  // of all bytes, hex; empty: unknown
  std::int64_t size_limit_bytes = std::int64_t{10} << 30;
  PrivateAddresses private_addresses = PrivateAddresses::kRefused;
  std::string ca_file;  // certificates to trust beside no others; empty: the system's
  std::chrono::seconds connect_timeout{15};
  std::chrono::seconds silence_timeout{60};    // without a byte
  int attempts = 5;                            // until one brings the rest; see FetchUrl
  std::chrono::milliseconds first_delay{500};  // before the second attempt; doubles
};

// Without user, password, query and fragment, which may hold secrets: for messages, and what a load
// is known by.
std::string UrlName(const std::string& url);

// All bytes of the URL in a temporary file, because sources are read more than once. Follows
// redirects, from https to https only, and never sends the credentials to another host. A transfer
// that is cut goes on where it was if the server can do that (Range, If-Range) and has an ETag or a
// date to tell that the file is still the same; otherwise it begins anew. Proxies of the
// environment are not used: the address that is connected to is checked, at each redirect again.
// kInvalid/SourceNotFound: the server says no, or the address is refused. kInvalid/InvalidData: too
// large, or not that SHA-256. kUnavailable: no attempt has brought all of it. kCancelled soon after
// `stop`. `on_bytes`: how many there are so far, on this thread; may be empty.
Result<PathSource> FetchUrl(const UrlRequest& request,
                            const std::function<void(std::int64_t)>& on_bytes,
                            std::stop_token stop);

}  // namespace tenantry::load
