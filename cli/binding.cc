#include "cli/binding.h"

#include "common/api/connection_uri.h"
#include "common/api/json_text.h"

namespace tenantry::cli {
namespace {

std::string TextAt(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

Json CacheJson(const api::TenantId& tenant, const api::RedisAccess& redis, Passwords passwords) {
  Json json = {{"host", redis.host},
               {"port", redis.port},
               {"username", redis.user},
               {"prefix", api::RedisPrefix(tenant)}};
  if (passwords == Passwords::kShown && !redis.password.empty()) {
    json["password"] = redis.password.reveal();
    json["uri"] = api::RedisUri(redis);
  }
  return json;
}

}  // namespace

Json BindingJson(const Binding& binding, Passwords passwords) {
  const api::PostgresAccess& postgres = binding.postgres;
  Json json = {{"tenant", binding.tenant.value()},
               {"type", "postgresql"},
               {"provider", "tenantry"},
               {"host", postgres.host},
               {"port", postgres.port},
               {"database", postgres.database},
               {"schema", binding.schema},
               {"sslmode", api::ToLibpq(postgres.ssl_mode)},
               {"username", postgres.user}};
  if (passwords == Passwords::kShown && !postgres.password.empty()) {
    json["password"] = postgres.password.reveal();
    json["uri"] = api::PostgresUri(postgres);
  }
  if (binding.redis) {
    json["cache"] = CacheJson(binding.tenant, *binding.redis, passwords);
  }
  return json;
}

Result<KnownPasswords> ReadBinding(const std::string& text, const api::TenantId& tenant) {
  const Result<nlohmann::json> json = api::ParseJson(text);
  if (!json || !json->is_object() || TextAt(*json, "tenant") != tenant.value()) {
    return Error{ErrorCode::kInvalid,
                 "it is there and holds no binding of tenant " + tenant.value()};
  }
  KnownPasswords known{.postgres = Secret(TextAt(*json, "password"))};
  if (const auto cache = json->find("cache"); cache != json->end() && cache->is_object()) {
    known.redis = Secret(TextAt(*cache, "password"));
  }
  return known;
}

Result<ChosenPasswords> ChoosePasswords(const PasswordInput& input) {
  ChosenPasswords chosen{.postgres = input.known.postgres, .redis = input.known.redis};
  const bool is_missing = chosen.postgres.empty() && !input.has_login;
  if (input.has_place && (input.rotate || is_missing)) {
    chosen.postgres = input.fresh.postgres;
    chosen.new_postgres = true;
  }
  if (!input.wants_cache) {
    chosen.redis = Secret();
    return chosen;
  }
  const bool needs_cache = chosen.redis.empty() && !input.has_cache;
  if (needs_cache && !input.has_place) {
    return Error{ErrorCode::kInvalid,
                 "--redis needs --binding-file or --show-password: nobody would know the password "
                 "of the tenant's Redis user."};
  }
  if (input.has_place && (input.rotate || needs_cache)) {
    chosen.redis = input.fresh.redis;
  }
  return chosen;
}

}  // namespace tenantry::cli
