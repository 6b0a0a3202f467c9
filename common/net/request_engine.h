#pragma once

#include <httplib.h>

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "common/net/connection.h"
#include "common/net/http_server.h"

namespace tenantry::net {

// Reads requests from connections, finds and calls their handlers, and writes the answers.
// cpp-httplib parses and formats; what it would accept too readily is refused before.
// After the last AddRoute: thread-safe.
class RequestEngine : private httplib::Server {
 public:
  RequestEngine(std::size_t max_body_bytes, std::function<void(const std::string&)> on_error,
                std::stop_token stop);

  void AddRoute(const std::string& method, const std::string& pattern, HttpServer::Handler handler);

  enum class Next { kKeepAlive, kClose };
  // One request and its answer.
  Next ServeOne(Connection& connection);

 private:
  struct Route {
    std::string method;
    std::string pattern;
    HttpServer::Handler handler;
  };

  bool Process(Connection& connection, bool& wants_close,
               const std::function<void(httplib::Request&)>& setup);
  // Why a request is not read any further; none: it is fine.
  std::optional<ServerResponse> Refuse(const httplib::Request& request) const;
  // Answers what needs no body; true: answered.
  bool AnswerWithoutBody(const httplib::Request& request, httplib::Response& response) const;
  void AnswerWithBody(const httplib::Request& request, httplib::Response& response,
                      const httplib::ContentReader& read_body) const;
  ServerResponse Call(const httplib::Request& request, std::string body) const;
  void Write(ServerResponse answer, httplib::Response& response) const;
  void WriteInPieces(ServerResponse answer, httplib::Response& response) const;
  void ReportException(const std::string& where, const std::exception_ptr& exception) const;

  const std::size_t max_body_bytes_;
  const std::function<void(const std::string&)> on_error_;
  const std::stop_token stop_;
  std::vector<Route> routes_;
};

}  // namespace tenantry::net
