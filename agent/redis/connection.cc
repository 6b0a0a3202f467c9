#include "agent/redis/connection.h"

#include <hiredis/hiredis.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <string_view>
#include <utility>

#include "common/api/reasons.h"
#include "common/base/strings.h"

namespace tenantry::redis {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kExchangeDeadline{5};
constexpr std::size_t kMaxMessage = 200;

struct ContextDeleter {
  void operator()(redisContext* context) const { redisFree(context); }
};
struct ReplyDeleter {
  void operator()(redisReply* reply) const { freeReplyObject(reply); }
};
using Context = std::unique_ptr<redisContext, ContextDeleter>;
using RawReply = std::unique_ptr<redisReply, ReplyDeleter>;

timeval ToTimeval(std::chrono::microseconds duration) {
  timeval value{};
  value.tv_sec = duration.count() / 1'000'000;
  value.tv_usec = duration.count() % 1'000'000;
  return value;
}

Reply Decode(const redisReply& raw) {
  Reply reply;
  switch (raw.type) {
    case REDIS_REPLY_NIL:
      return reply;
    case REDIS_REPLY_INTEGER:
      reply.type = Reply::Type::kInteger;
      reply.integer = raw.integer;
      return reply;
    case REDIS_REPLY_ARRAY:
      reply.type = Reply::Type::kArray;
      for (std::size_t i = 0; i < raw.elements; ++i) {
        reply.elements.push_back(Decode(*raw.element[i]));  // hiredis bounds the depth
      }
      return reply;
    default:
      reply.type = raw.type == REDIS_REPLY_ERROR ? Reply::Type::kError : Reply::Type::kString;
      reply.text.assign(raw.str != nullptr ? raw.str : "", raw.len);
      return reply;
  }
}

// The server quotes arguments in some of its messages ("Error in ACL SETUSER modifier '>…'"), so
// what may be a password or a value is taken out.
std::string WithoutArguments(std::string text, const std::vector<std::string>& arguments) {
  constexpr std::size_t kFirstSecret = 2;  // after the command and its key or subcommand
  constexpr std::size_t kShortestSecret = 3;
  text = text.substr(0, text.find(", with args beginning with"));
  for (std::size_t i = kFirstSecret; i < arguments.size(); ++i) {
    const std::string& secret = arguments[i];
    if (secret.size() < kShortestSecret) {
      continue;
    }
    for (std::size_t at = text.find(secret); at != std::string::npos; at = text.find(secret, at)) {
      text.replace(at, secret.size(), "***");
      at += 3;
    }
  }
  return Shorten(text, kMaxMessage);
}

bool HasPrefix(std::string_view text, const auto& prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](std::string_view prefix) { return text.starts_with(prefix); });
}

// Source: https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors and
// createSharedObjects() in server.c.
constexpr std::array<std::string_view, 9> kTransient = {
    "LOADING",  "OOM",         "MASTERDOWN",
    "READONLY", "CLUSTERDOWN", "TRYAGAIN",
    "BUSY ",    "MISCONF",     "ERR max number of clients"};
constexpr std::array<std::string_view, 4> kRefused = {"WRONGPASS", "NOAUTH", "ERR invalid password",
                                                      "ERR AUTH"};

Error ToError(const std::string& text, const std::string& where) {
  if (HasPrefix(text, kTransient)) {
    return {
        .code = ErrorCode::kUnavailable,
        .message = "Redis at " + where + " cannot answer now (" + text + "). It is tried again.",
        .reason = api::reason::kRedisUnreachable};
  }
  if (HasPrefix(text, kRefused)) {
    return {.code = ErrorCode::kInvalid,
            .message = "Redis at " + where + " refused the user or password (" + text +
                       "). Correct the Secret.",
            .reason = api::reason::kCredentialsRefused};
  }
  if (text.starts_with("NOPERM")) {
    return {.code = ErrorCode::kInvalid,
            .message = "The user of Redis at " + where + " lacks a right (" + text +
                       "). Grant it in the user's ACL.",
            .reason = api::reason::kInsufficientPrivilege};
  }
  return {.code = ErrorCode::kInvalid,
          .message = "Redis at " + where + " refused a command (" + text + ").",
          .reason = api::reason::kFailed};
}

class HiredisConnection final : public Connection {
 public:
  HiredisConnection(Context context, std::string where)
      : context_(std::move(context)), where_(std::move(where)) {}

  Result<Reply> Command(const std::vector<std::string>& arguments) override {
    std::vector<Reply> replies = TRY(Pipeline({arguments}));
    Reply& reply = replies.front();
    if (reply.type == Reply::Type::kError) {
      return ToError(reply.text, where_);
    }
    return std::move(reply);
  }

  Result<std::vector<Reply>> Pipeline(
      const std::vector<std::vector<std::string>>& commands) override {
    const Clock::time_point deadline = Clock::now() + kExchangeDeadline;
    TRY(SendAll(commands, deadline));
    std::vector<Reply> replies;
    replies.reserve(commands.size());
    for (const std::vector<std::string>& command : commands) {
      Reply reply = TRY(Receive(deadline));
      if (reply.type == Reply::Type::kError) {
        reply.text = WithoutArguments(std::move(reply.text), command);
      }
      replies.push_back(std::move(reply));
    }
    return replies;
  }

 private:
  // hiredis keeps the first I/O error for good: a session that failed once stays failed.
  Error Broken() const {
    const std::string why = context_->err == REDIS_ERR_IO || context_->err == 0
                                ? "no answer within 5 s, or the connection was lost"
                                : context_->errstr;
    return {.code = ErrorCode::kUnavailable,
            .message = "Redis at " + where_ + " does not answer (" + why +
                       "). It is tried again; check the server and the network.",
            .reason = api::reason::kRedisUnreachable};
  }

  Result<void> ArmTimeout(Clock::time_point deadline) {
    const auto left =
        std::chrono::duration_cast<std::chrono::microseconds>(deadline - Clock::now());
    if (left.count() <= 0 || redisSetTimeout(context_.get(), ToTimeval(left)) != REDIS_OK) {
      late_ = true;  // replies of this exchange may still arrive and would answer the next one
      return Broken();
    }
    return {};
  }

  Result<void> SendAll(const std::vector<std::vector<std::string>>& commands,
                       Clock::time_point deadline) {
    if (late_) {
      return Broken();
    }
    for (const std::vector<std::string>& command : commands) {
      std::vector<const char*> texts;
      std::vector<std::size_t> lengths;
      for (const std::string& argument : command) {
        texts.push_back(argument.data());
        lengths.push_back(argument.size());
      }
      if (redisAppendCommandArgv(context_.get(), static_cast<int>(command.size()), texts.data(),
                                 lengths.data()) != REDIS_OK) {
        return Broken();
      }
    }
    for (int done = 0; done == 0;) {
      TRY(ArmTimeout(deadline));
      if (redisBufferWrite(context_.get(), &done) != REDIS_OK) {
        return Broken();
      }
    }
    return {};
  }

  Result<Reply> Receive(Clock::time_point deadline) {
    void* raw = nullptr;
    while (redisGetReplyFromReader(context_.get(), &raw) == REDIS_OK) {
      if (raw != nullptr) {
        const RawReply reply(static_cast<redisReply*>(raw));
        return Decode(*reply);
      }
      TRY(ArmTimeout(deadline));
      if (redisBufferRead(context_.get()) != REDIS_OK) {
        break;
      }
    }
    return Broken();
  }

  Context context_;
  std::string where_;
  bool late_ = false;
};

Result<void> Authenticate(Connection& connection, const api::RedisAccess& access) {
  if (access.user.empty() && access.password.empty()) {
    // Says NOAUTH or LOADING now instead of at the first use.
    TRY(connection.Command({"PING"}));
    return {};
  }
  std::vector<std::string> auth = {"AUTH"};
  if (!access.user.empty()) {
    auth.push_back(access.user);
  }
  auth.push_back(access.password.reveal());
  TRY(connection.Command(auth));
  return {};
}

}  // namespace

Result<std::unique_ptr<Connection>> Connection::Open(const api::RedisAccess& access) {
  const std::string where = (access.user.empty() ? "default" : access.user) + "@" + access.host +
                            ":" + std::to_string(access.port);
  Context context(
      redisConnectWithTimeout(access.host.c_str(), access.port, ToTimeval(kExchangeDeadline)));
  if (context == nullptr || context->err != 0) {
    const std::string why = context == nullptr ? "out of memory" : context->errstr;
    return Error{.code = ErrorCode::kUnavailable,
                 .message = "Cannot reach Redis at " + where + " (" + why +
                            "). Check its host and port, and that it runs.",
                 .reason = api::reason::kRedisUnreachable};
  }
  std::unique_ptr<Connection> connection =
      std::make_unique<HiredisConnection>(std::move(context), where);
  TRY(Authenticate(*connection, access));
  return connection;
}

}  // namespace tenantry::redis
