#pragma once

#include <functional>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "common/base/mutex.h"

namespace tenantry::kube {

struct ScriptedRequest {
  std::string method;
  std::string path;
  std::map<std::string, std::string> query;    // values as sent, percent-encoded
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;

  std::string Query(const std::string& name) const;  // empty when absent
};

enum class Then {
  kKeepAlive,   // read the next request
  kClose,       // close the connection
  kStaySilent,  // keep it open and say nothing more
};

struct ScriptedReply {
  std::string bytes;  // everything that is sent, the head included
  Then then = Then::kKeepAlive;
};

// A whole answer with a body of known length.
ScriptedReply Answer(int status, const std::string& body, const std::string& extra_headers = "");
// A metav1.Status as the API server answers an error with.
ScriptedReply AnswerStatus(int status, const std::string& reason, const std::string& message,
                           const std::string& extra_headers = "");
// The head of a streamed answer and its first lines, each as a chunk of its own.
ScriptedReply AnswerStream(const std::vector<std::string>& lines, Then then);
// The same, brought to its end as HTTP wants it.
ScriptedReply AnswerWholeStream(const std::vector<std::string>& lines);

// An HTTP/1.1 server on a free loopback port that says exactly what the test wants said, broken
// answers included. The script is called for one request at a time.
class ScriptedServer {
 public:
  using Script = std::function<ScriptedReply(const ScriptedRequest&)>;

  explicit ScriptedServer(Script script);
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

 private:
  void Accept(const std::stop_token& stop);
  void Serve(const std::stop_token& stop, int socket);
  ScriptedReply Reply(const ScriptedRequest& request);

  Mutex mutex_;
  Script script_ GUARDED_BY(mutex_);
  int listener_ = -1;
  int port_ = 0;
  std::vector<std::jthread> connections_;  // of the accepting thread
  std::jthread acceptor_;
};

}  // namespace tenantry::kube
