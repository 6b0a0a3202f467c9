#include "common/api/connection_uri.h"

#include <cctype>
#include <cstdio>

namespace tenantry::api {
namespace {

// RFC 3986: everything but unreserved characters.
std::string Escape(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '.' || c == '_' ||
        c == '~') {
      escaped += c;
    } else {
      char hex[4];
      std::snprintf(hex, sizeof hex, "%%%02X",
                    static_cast<unsigned>(static_cast<unsigned char>(c)));
      escaped += hex;
    }
  }
  return escaped;
}

std::string Host(const std::string& host) {
  if (host.starts_with('/')) {
    return Escape(host);
  }
  return host.find(':') == std::string::npos ? host : "[" + host + "]";
}

std::string UserInfo(const std::string& user, const Secret& password) {
  return Escape(user) + (password.empty() ? "" : ":" + Escape(password.reveal())) + "@";
}

}  // namespace

std::string PostgresUri(const PostgresAccess& access) {
  return "postgresql://" + UserInfo(access.user, access.password) + Host(access.host) + ":" +
         std::to_string(access.port) + "/" + Escape(access.database) +
         "?sslmode=" + ToLibpq(access.ssl_mode);
}

std::string RedisUri(const RedisAccess& access) {
  return "redis://" + UserInfo(access.user, access.password) + Host(access.host) + ":" +
         std::to_string(access.port);
}

}  // namespace tenantry::api
