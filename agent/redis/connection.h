#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "common/api/protocol.h"
#include "common/base/result.h"

namespace tenantry::redis {

// A reply, decoded.
struct Reply {
  enum class Type { kNil, kString, kInteger, kArray, kError };
  Type type = Type::kNil;
  std::string text;  // kString, kError
  std::int64_t integer = 0;
  std::vector<Reply> elements;
};

// One session, authenticated. Not thread-safe. Deadline of 5 s for each exchange.
// Errors: nobody answers, LOADING, full memory (OOM) → kUnavailable with reason RedisUnreachable;
// WRONGPASS, NOAUTH → kInvalid with CredentialsRefused; NOPERM → kInvalid with
// InsufficientPrivilege. Messages name user@host:port, never a password or a value.
class Connection {
 public:
  static Result<std::unique_ptr<Connection>> Open(const api::RedisAccess& access);
  virtual ~Connection() = default;

  // An error reply is an Error.
  virtual Result<Reply> Command(const std::vector<std::string>& arguments) = 0;
  // Sends all, then reads all replies; error replies are in the result.
  virtual Result<std::vector<Reply>> Pipeline(
      const std::vector<std::vector<std::string>>& commands) = 0;
};

}  // namespace tenantry::redis
