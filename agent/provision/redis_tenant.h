#pragma once

#include <string>
#include <vector>

#include "agent/provision/desired.h"
#include "agent/redis/connection.h"
#include "common/base/result.h"
#include "common/base/secret.h"

// A tenant's user and keys in Redis.
namespace tenantry::agent {

// What the catalogue remembers: the rules that we gave the user, and how this Redis renders the
// commands among them. Versions of Redis render the same rules differently.
struct RedisMemory {
  std::string rules;
  std::string commands;

  friend bool operator==(const RedisMemory&, const RedisMemory&) = default;
};

// The user as ACL GETUSER tells it.
struct RedisUserState {
  bool exists = false;
  bool on = false;
  bool any_password = false;           // nopass
  bool has_selectors = false;          // further rule sets of Redis 7
  std::vector<std::string> passwords;  // SHA-256, hex, sorted
  std::string commands;
  std::vector<std::string> keys;  // "acme:*"
  std::vector<std::string> channels;

  friend bool operator==(const RedisUserState&, const RedisUserState&) = default;
};

// Pure: reads an answer of ACL GETUSER (Redis 6.2: lists; 7: text).
RedisUserState ParseRedisUser(const redis::Reply& reply);
// Pure: differences, as sentences; empty: none.
std::vector<std::string> CompareRedisUser(const api::TenantId& id, const RedisUserState& state,
                                          const std::vector<Secret>& passwords,
                                          const RedisMemory& memory);
// Pure: ACL SETUSER … with everything that the user shall have, and nothing else.
std::vector<std::string> MakeSetUser(const api::TenantId& id, const std::vector<Secret>& passwords);
// Pure: the rules without names and passwords; changes when a newer agent has other rules.
std::string RedisRules();
// Pure: `text` for MATCH, taken literally.
std::string EscapeGlob(const std::string& text);

Result<RedisUserState> ObserveRedisUser(redis::Connection& redis, const api::TenantId& id);

struct RedisChange {
  std::vector<std::string> changes;  // sentences; empty: nothing was to do
  RedisMemory memory;                // to be remembered
};
Result<RedisChange> ProvisionRedis(redis::Connection& redis, const api::TenantId& id,
                                   const std::vector<Secret>& passwords, const RedisMemory& memory);

// Deletes the tenant's keys and its user. Returns what there was, in words; what is gone already is
// fine. `stop` is looked at between batches.
Result<std::vector<std::string>> DeleteRedisTenant(redis::Connection& redis,
                                                   const api::TenantId& id, std::stop_token stop);
// Closes the user, keeps the keys. False: there is no such user.
Result<bool> CloseRedisTenant(redis::Connection& redis, const api::TenantId& id);

}  // namespace tenantry::agent
