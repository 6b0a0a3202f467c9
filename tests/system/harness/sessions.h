#pragma once

#include <hiredis/hiredis.h>
#include <libpq-fe.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

// Sessions of PostgreSQL and Redis as an application has them.
namespace tenantry::testing {

// Rows of one query or cells of one reply, or the error's text.
struct Answer {
  std::vector<std::vector<std::string>> rows;
  std::string error;
  bool ok() const { return error.empty(); }
  std::string first() const { return rows.empty() || rows[0].empty() ? "" : rows[0][0]; }
};

// Ends with this object; what it has not committed is undone.
class SqlSession {
 public:
  // `settings` are libpq's. A failure to connect is the answer of every Run.
  explicit SqlSession(const std::map<std::string, std::string>& settings);
  // One that could not be had.
  static SqlSession None(const std::string& why);
  Answer Run(const std::string& sql);

 private:
  struct Closer {
    void operator()(PGconn* connection) const { PQfinish(connection); }
  };
  SqlSession() = default;

  std::unique_ptr<PGconn, Closer> connection_;
  std::string refusal_;  // of the login; empty: none
};

class RedisSession {
 public:
  RedisSession(const std::string& host, int port, const std::string& user,
               const std::string& password);
  static RedisSession None(const std::string& why);
  Answer Run(const std::vector<std::string>& command);

 private:
  struct Closer {
    void operator()(redisContext* context) const { redisFree(context); }
  };
  RedisSession() = default;

  std::unique_ptr<redisContext, Closer> context_;
  std::string refusal_;  // as above
};

}  // namespace tenantry::testing
