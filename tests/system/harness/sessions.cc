#include "tests/system/harness/sessions.h"

#include <utility>

namespace tenantry::testing {
namespace {

struct ResultCloser {
  void operator()(PGresult* result) const { PQclear(result); }
};
struct ReplyCloser {
  void operator()(redisReply* reply) const { freeReplyObject(reply); }
};

std::vector<std::string> Cells(const redisReply& reply) {
  std::vector<std::string> cells;
  if (reply.type == REDIS_REPLY_ARRAY) {
    for (std::size_t i = 0; i < reply.elements; ++i) {
      for (std::string& cell : Cells(*reply.element[i])) {
        cells.push_back(std::move(cell));
      }
    }
  } else if (reply.type == REDIS_REPLY_INTEGER) {
    cells.push_back(std::to_string(reply.integer));
  } else if (reply.type != REDIS_REPLY_NIL) {
    cells.emplace_back(reply.str, reply.len);
  }
  return cells;
}

}  // namespace

SqlSession::SqlSession(const std::map<std::string, std::string>& settings) {
  std::vector<const char*> keys;
  std::vector<const char*> values;
  for (const auto& [key, value] : settings) {
    keys.push_back(key.c_str());
    values.push_back(value.c_str());
  }
  keys.push_back(nullptr);
  values.push_back(nullptr);
  connection_.reset(PQconnectdbParams(keys.data(), values.data(), 0));
  if (PQstatus(connection_.get()) != CONNECTION_OK) {
    refusal_ = PQerrorMessage(connection_.get());
  }
}

SqlSession SqlSession::None(const std::string& why) {
  SqlSession session;
  session.refusal_ = why;
  return session;
}

Answer SqlSession::Run(const std::string& sql) {
  if (!refusal_.empty()) {
    return {.rows = {}, .error = refusal_};
  }
  const std::unique_ptr<PGresult, ResultCloser> result(PQexec(connection_.get(), sql.c_str()));
  const ExecStatusType status = PQresultStatus(result.get());
  if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
    return {.rows = {}, .error = PQerrorMessage(connection_.get())};
  }
  Answer answer;
  for (int row = 0; row < PQntuples(result.get()); ++row) {
    std::vector<std::string>& cells = answer.rows.emplace_back();
    for (int column = 0; column < PQnfields(result.get()); ++column) {
      cells.emplace_back(PQgetvalue(result.get(), row, column));
    }
  }
  return answer;
}

RedisSession::RedisSession(const std::string& host, int port, const std::string& user,
                           const std::string& password)
    : context_(redisConnect(host.c_str(), port)) {
  refusal_ = Run({"AUTH", user.empty() ? "default" : user, password}).error;
}

RedisSession RedisSession::None(const std::string& why) {
  RedisSession session;
  session.refusal_ = why;
  return session;
}

Answer RedisSession::Run(const std::vector<std::string>& command) {
  if (!refusal_.empty()) {
    return {.rows = {}, .error = refusal_};
  }
  if (!context_ || context_->err != 0) {
    return {.rows = {}, .error = "cannot connect"};
  }
  std::vector<const char*> arguments;
  std::vector<std::size_t> lengths;
  for (const std::string& argument : command) {
    arguments.push_back(argument.data());
    lengths.push_back(argument.size());
  }
  const std::unique_ptr<redisReply, ReplyCloser> reply(static_cast<redisReply*>(redisCommandArgv(
      context_.get(), static_cast<int>(arguments.size()), arguments.data(), lengths.data())));
  if (!reply) {
    return {.rows = {}, .error = "no reply"};
  }
  if (reply->type == REDIS_REPLY_ERROR) {
    return {.rows = {}, .error = std::string(reply->str, reply->len)};
  }
  return {.rows = {Cells(*reply)}, .error = ""};
}

}  // namespace tenantry::testing
