#pragma once

#include <string>

#include "common/api/protocol.h"

// Connections as one text, for bindings. Pure.
namespace tenantry::api {

// "postgresql://user:password@host:port/database?sslmode=verify-full"; without ":password" when
// there is none. Everything is escaped (RFC 3986), a Unix socket's folder too.
std::string PostgresUri(const PostgresAccess& access);
// "redis://user:password@host:port"
std::string RedisUri(const RedisAccess& access);

}  // namespace tenantry::api
