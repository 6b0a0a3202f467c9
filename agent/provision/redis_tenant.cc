#include "agent/provision/redis_tenant.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "common/api/reasons.h"
#include "common/base/sha256.h"
#include "common/base/strings.h"

namespace tenantry::agent {
namespace {

using redis::Reply;

// What an app may do below its own prefix. Everything is taken away first, so that commands of
// newer versions stay closed. Then goes what reaches over the prefix: names of others' keys (KEYS,
// SCAN, RANDOMKEY, DBSIZE) and channels (PUBSUB), other databases, scripts and functions that all
// users share, other clients. SORT is @dangerous: its BY and GET read any key before Redis 7.
constexpr std::array kCommandRules = {
    "-@all",       "+@string", "+@hash",          "+@list",          "+@set",
    "+@sortedset", "+@stream", "+@bitmap",        "+@geo",           "+@hyperloglog",
    "+@keyspace",  "+@pubsub", "+@transaction",   "+@connection",    "+eval",
    "+evalsha",    "-@admin",  "-@dangerous",     "-keys",           "-scan",
    "-randomkey",  "-dbsize",  "-select",         "-swapdb",         "-move",
    "-pubsub",     "-client",  "+client|setname", "+client|getname", "+client|id",
    "-flushdb",    "-flushall"};

std::vector<std::string> PasswordHashes(const std::vector<Secret>& passwords) {
  std::vector<std::string> hashes;
  for (const Secret& password : passwords) {
    hashes.push_back(Sha256Hex(password.reveal()));
  }
  std::sort(hashes.begin(), hashes.end());
  hashes.erase(std::unique(hashes.begin(), hashes.end()), hashes.end());
  return hashes;
}

// Patterns: a list in Redis 6.2, "~a:* ~b:*" or "&a:*" in 7.
std::vector<std::string> Patterns(const Reply& reply) {
  std::vector<std::string> patterns;
  for (const Reply& element : reply.elements) {
    patterns.push_back(element.text);
  }
  for (const std::string_view word : Split(reply.text, ' ')) {
    if (!word.empty()) {
      patterns.emplace_back(word);
    }
  }
  for (std::string& pattern : patterns) {
    if (pattern.starts_with('~') || pattern.starts_with('&')) {
      pattern.erase(0, 1);
    }
  }
  return patterns;
}

std::string UserOf(const api::TenantId& id) { return api::RedisUser(id); }

std::string Pattern(const api::TenantId& id) { return EscapeGlob(api::RedisPrefix(id)) + "*"; }

// Keeps the users over a restart, if the server has a file for them.
Result<void> SaveUsers(redis::Connection& redis) {
  const std::vector<Reply> replies = TRY(redis.Pipeline({{"ACL", "SAVE"}}));
  const bool refused = !replies.empty() && replies[0].type == Reply::Type::kError;
  // Without an ACL file the configuration is the operator's of that Redis; drift detection puts the
  // user back after a restart.
  if (refused && replies[0].text.find("ACL file") == std::string::npos) {
    return Error{ErrorCode::kInvalid,
                 "Redis could not save its users (" + Shorten(replies[0].text, 200) +
                     "). Look at its ACL file.",
                 api::reason::kFailed};
  }
  return {};
}

}  // namespace

RedisUserState ParseRedisUser(const Reply& reply) {
  RedisUserState state;
  state.exists = reply.type == Reply::Type::kArray;
  for (std::size_t i = 0; i + 1 < reply.elements.size(); i += 2) {
    const std::string& name = reply.elements[i].text;
    const Reply& value = reply.elements[i + 1];
    if (name == "flags") {
      for (const Reply& flag : value.elements) {
        state.on = state.on || flag.text == "on";
        state.any_password = state.any_password || flag.text == "nopass";
      }
    } else if (name == "passwords") {
      for (const Reply& password : value.elements) {
        state.passwords.push_back(password.text);
      }
      std::sort(state.passwords.begin(), state.passwords.end());
    } else if (name == "commands") {
      state.commands = value.text;
    } else if (name == "keys") {
      state.keys = Patterns(value);
    } else if (name == "channels") {
      state.channels = Patterns(value);
    } else if (name == "selectors") {
      state.has_selectors = !value.elements.empty();
    }
  }
  return state;
}

std::string RedisRules() { return Join({kCommandRules.begin(), kCommandRules.end()}, " "); }

std::string EscapeGlob(const std::string& text) {
  constexpr std::string_view kSpecial = "*?[]\\^-";
  std::string escaped;
  for (const char c : text) {
    if (kSpecial.find(c) != std::string_view::npos) {
      escaped += '\\';
    }
    escaped += c;
  }
  return escaped;
}

std::vector<std::string> MakeSetUser(const api::TenantId& id,
                                     const std::vector<Secret>& passwords) {
  // One command, so that no state between is ever in force.
  std::vector<std::string> command = {"ACL", "SETUSER", UserOf(id), "reset", "on"};
  for (const std::string& hash : PasswordHashes(passwords)) {
    command.push_back("#" + hash);
  }
  command.push_back("~" + Pattern(id));
  command.push_back("resetchannels");
  command.push_back("&" + Pattern(id));
  command.insert(command.end(), kCommandRules.begin(), kCommandRules.end());
  return command;
}

std::vector<std::string> CompareRedisUser(const api::TenantId& id, const RedisUserState& state,
                                          const std::vector<Secret>& passwords,
                                          const RedisMemory& memory) {
  const std::string user = "Redis user " + UserOf(id);
  const std::vector<std::string> pattern = {Pattern(id)};
  if (!state.exists) {
    return {user + " is missing."};
  }
  std::vector<std::string> drift;
  if (!state.on) {
    drift.push_back(user + " is switched off.");
  }
  if (state.any_password || state.passwords != PasswordHashes(passwords)) {
    drift.push_back(user + " has other passwords.");
  }
  if (state.keys != pattern) {
    drift.push_back(user + " may use other keys than " + api::RedisPrefix(id) + "*.");
  }
  if (state.channels != pattern) {
    drift.push_back(user + " may use other channels than " + api::RedisPrefix(id) + "*.");
  }
  if (state.has_selectors || memory.rules != RedisRules() || state.commands != memory.commands) {
    drift.push_back(user + " may run other commands than it should.");
  }
  return drift;
}

Result<RedisUserState> ObserveRedisUser(redis::Connection& redis, const api::TenantId& id) {
  return ParseRedisUser(TRY(redis.Command({"ACL", "GETUSER", UserOf(id)})));
}

Result<RedisChange> ProvisionRedis(redis::Connection& redis, const api::TenantId& id,
                                   const std::vector<Secret>& passwords,
                                   const RedisMemory& memory) {
  RedisChange change{.memory = memory};
  const RedisUserState before = TRY(ObserveRedisUser(redis, id));
  const std::vector<std::string> drift = CompareRedisUser(id, before, passwords, memory);
  if (drift.empty()) {
    return change;
  }
  TRY(redis.Command(MakeSetUser(id, passwords)));
  TRY(SaveUsers(redis));
  const RedisUserState after = TRY(ObserveRedisUser(redis, id));
  change.memory = {RedisRules(), after.commands};
  change.changes = before.exists ? drift : std::vector<std::string>{};
  for (std::string& sentence : change.changes) {
    sentence += " It was put right.";
  }
  if (!before.exists) {
    change.changes.push_back("Made Redis user " + UserOf(id) + " for keys " + api::RedisPrefix(id) +
                             "*.");
  }
  return change;
}

Result<std::vector<std::string>> DeleteRedisTenant(redis::Connection& redis,
                                                   const api::TenantId& id, std::stop_token stop) {
  constexpr char kBatch[] = "1000";
  std::vector<std::string> removed;
  // The user first: it writes no more keys while they are deleted. Its sessions end with it.
  const Reply deleted = TRY(redis.Command({"ACL", "DELUSER", UserOf(id)}));
  if (deleted.integer > 0) {
    removed.push_back("Redis user " + UserOf(id));
    TRY(SaveUsers(redis));
  }
  std::int64_t keys = 0;
  std::string cursor = "0";
  do {
    if (stop.stop_requested()) {
      return Error{ErrorCode::kCancelled, "Stopped while deleting keys in Redis."};
    }
    const Reply found = TRY(redis.Command({"SCAN", cursor, "MATCH", Pattern(id), "COUNT", kBatch}));
    if (found.elements.size() != 2) {
      return Error{ErrorCode::kInternal, "Redis gave an answer to SCAN that is none."};
    }
    cursor = found.elements[0].text;
    std::vector<std::string> unlink = {"UNLINK"};
    for (const Reply& key : found.elements[1].elements) {
      unlink.push_back(key.text);
    }
    if (unlink.size() > 1) {
      keys += TRY(redis.Command(unlink)).integer;
    }
  } while (cursor != "0");
  if (keys > 0) {
    removed.push_back(std::to_string(keys) + " Redis keys " + api::RedisPrefix(id) + "*");
  }
  return removed;
}

Result<bool> CloseRedisTenant(redis::Connection& redis, const api::TenantId& id) {
  const RedisUserState state = TRY(ObserveRedisUser(redis, id));
  if (!state.exists) {
    return false;
  }
  TRY(redis.Command({"ACL", "SETUSER", UserOf(id), "off", "resetpass"}));
  TRY(SaveUsers(redis));
  return true;
}

}  // namespace tenantry::agent
