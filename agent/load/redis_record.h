#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/load/read/place.h"
#include "agent/load/record.h"
#include "agent/redis/connection.h"
#include "common/api/fixture_set.h"
#include "common/base/result.h"

// Records as Redis keys. Pure.
namespace tenantry::load {

// "user:{user_id}": text with columns in braces.
class KeyTemplate {
 public:
  // kInvalid/InvalidSpec: an open or empty pair of braces.
  static Result<KeyTemplate> Parse(const std::string& text, const Origin& origin);
  // kInvalid/InvalidData: the record lacks a column, or it is NULL, empty or nested.
  Result<std::string> Fill(const Record& record, const std::vector<std::string>& names,
                           const Origin& origin) const;

 private:
  struct Part {
    std::string text;
    bool is_column = false;
  };
  std::vector<Part> parts_;
};

using Command = std::vector<std::string>;

// One record as it shall be in Redis.
struct RedisItem {
  std::int64_t record = 0;
  std::int64_t byte = 0;
  std::string key;
  api::RedisType type = api::RedisType::kHash;
  std::string json;                                         // String
  std::vector<std::pair<std::string, std::string>> fields;  // Hash; NULLs are left out

  std::size_t size() const;  // bytes, about
};

// kInvalid/InvalidData: a Hash of nothing but NULLs, which Redis cannot hold.
Result<RedisItem> MakeItem(const Record& record, const std::vector<std::string>& names,
                           std::string key, api::RedisType type, const Origin& origin);

enum class KeyState { kAbsent, kSame, kDifferent };

// Asks for what CompareReply needs.
Command AskCommand(const RedisItem& item);
KeyState CompareReply(const RedisItem& item, const redis::Reply& reply);

// What makes the key hold exactly the item, whatever it holds now, and expire after `ttl` (absent:
// never). All of them, in order.
std::vector<Command> WriteCommands(const RedisItem& item, std::optional<std::chrono::seconds> ttl);
// Only the expiry, for a key that holds the item.
Command ExpiryCommand(const RedisItem& item, std::optional<std::chrono::seconds> ttl);

}  // namespace tenantry::load
