#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "common/api/protocol.h"
#include "common/net/http_server.h"

namespace tenantry::agents {

// Long enough for any machine; only a failing test waits for so long.
inline constexpr std::chrono::seconds kPatienceOfTests{30};

// Waits until `condition` holds; false when it does not come true.
bool Eventually(const std::function<bool()>& condition);

// An agent that does no work: tasks stay as the test says.
class ScriptedAgent {
 public:
  using Reply = std::function<std::optional<net::ServerResponse>(const net::ServerRequest&)>;
  enum class KeepAlive { kNo, kYes };

  explicit ScriptedAgent(std::optional<net::ServerTls> tls = std::nullopt);
  ~ScriptedAgent();

  void Start();  // on a free port, and on the same one again after Stop
  void Stop();
  std::string url() const;

  // What happens to a request ("POST", "GET", "DELETE", "INFO") before the ordinary answer; with a
  // response: instead of it.
  void Script(const std::string& call, Reply reply);
  // Makes the task be so and tells all streams.
  void Tell(const api::TaskReport& report);
  // Makes the task be so and tells nobody.
  void Change(const api::TaskReport& report);
  void ForgetTasks();
  void SendRaw(const std::string& bytes);
  // For a script of EVENTS: a stream that does not begin with the tasks that are there.
  net::ServerResponse NewStreamWithoutList();
  void EndStreams();
  void SetKeepAlive(KeepAlive keep_alive);

  int open_streams() const;
  int streams_so_far() const;
  int calls(const std::string& call) const;
  std::optional<api::TaskState> StateOf(const std::string& id) const;

 private:
  struct Stream;
  struct State;

  std::optional<net::ServerTls> tls_;
  std::shared_ptr<State> state_;
  std::unique_ptr<net::HttpServer> server_;
  int port_ = 0;
};

// Collects what on_change is told.
class Changes {
 public:
  void Note(const api::TaskReport& report);
  std::vector<api::TaskState> Of(const std::string& id) const;
  bool WaitFor(const std::string& id, api::TaskState state) const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::vector<api::TaskState>> states_;
};

api::TaskReport Report(const std::string& id, api::TaskState state);
net::ServerResponse Refusal(int status, const std::string& reason, const std::string& message);

}  // namespace tenantry::agents
