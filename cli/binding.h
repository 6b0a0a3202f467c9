#pragma once

#include <optional>
#include <string>

#include "cli/result_text.h"
#include "common/api/protocol.h"
#include "common/base/result.h"
#include "common/base/secret.h"

// What a tenant's apps connect with, as the operator's binding Secrets have it. Pure.
namespace tenantry::cli {

struct Binding {
  api::TenantId tenant;
  api::PostgresAccess postgres;  // the tenant's login in its database; the password may be unknown
  std::string schema;
  std::optional<api::RedisAccess> redis;  // the tenant's user; the password may be unknown
};

enum class Passwords { kHidden, kShown };
// {"tenant", "type", "provider", "host", "port", "database", "schema", "sslmode", "username",
// "password", "uri", "cache": {"host", "port", "username", "prefix", "password", "uri"}}; what
// needs an unknown or hidden password is left out.
Json BindingJson(const Binding& binding, Passwords passwords);

// The passwords of a binding as it was written before.
struct KnownPasswords {
  Secret postgres;
  Secret redis;
};
// kInvalid when the text is no binding of this tenant.
Result<KnownPasswords> ReadBinding(const std::string& text, const api::TenantId& tenant);

// Which passwords a tenant gets.
struct PasswordInput {
  KnownPasswords known;
  KnownPasswords fresh;
  bool rotate = false;
  bool has_place = false;    // somebody will learn a new one
  bool has_login = false;    // the tenant is there already, and its login has a password
  bool wants_cache = false;  // --redis
  bool has_cache = false;    // its Redis user is there already
};
struct ChosenPasswords {
  Secret postgres;  // empty: leave it alone
  Secret redis;     // empty: leave the Redis user alone
  bool new_postgres = false;
};
// kInvalid when a Redis user has to be made and nobody would learn its password.
Result<ChosenPasswords> ChoosePasswords(const PasswordInput& input);

}  // namespace tenantry::cli
