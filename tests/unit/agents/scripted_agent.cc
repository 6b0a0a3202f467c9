#include "tests/unit/agents/scripted_agent.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <nlohmann/json.hpp>
#include <thread>
#include <utility>

#include "common/api/protocol_codec.h"

namespace tenantry::agents {

using std::chrono::milliseconds;

bool Eventually(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + kPatienceOfTests;
  while (std::chrono::steady_clock::now() < deadline) {
    if (condition()) {
      return true;
    }
    std::this_thread::sleep_for(milliseconds(5));
  }
  return condition();
}

struct ScriptedAgent::Stream {
  std::string pending;
  bool ended = false;
};

struct ScriptedAgent::State : std::enable_shared_from_this<ScriptedAgent::State> {
  mutable std::mutex mutex;
  std::condition_variable changed;
  std::map<std::string, api::TaskReport> tasks;
  std::map<std::string, Reply> scripts;
  std::map<std::string, int> calls;
  std::vector<std::weak_ptr<Stream>> streams;
  KeepAlive keep_alive = KeepAlive::kNo;
  int streams_so_far = 0;

  void Send(const std::string& bytes) {
    for (const auto& weak : streams) {
      if (const auto stream = weak.lock()) {
        stream->pending += bytes;
      }
    }
    changed.notify_all();
  }

  net::ServerResponse Answer(const std::string& call, const net::ServerRequest& request) {
    Reply script;
    {
      const std::lock_guard lock(mutex);
      ++calls[call];
      if (const auto found = scripts.find(call); found != scripts.end()) {
        script = found->second;
      }
    }
    if (script) {
      if (auto response = script(request)) {
        return *std::move(response);
      }
    }
    const std::lock_guard lock(mutex);
    return OrdinaryAnswer(call, request);
  }

  net::ServerResponse OrdinaryAnswer(const std::string& call, const net::ServerRequest& request) {
    if (call == "INFO") {
      return {.body = api::EncodeAgentInfo({.name = "main-0",
                                            .version = "0.1.0",
                                            .protocol_version = api::kProtocolVersion,
                                            .capabilities = {}})};
    }
    if (call == "POST") {
      const auto task = api::DecodeTaskRequest(request.body);
      if (!task) {
        return Refusal(400, "", task.error().message);
      }
      const auto [place, is_new] =
          tasks.try_emplace(task->id, Report(task->id, api::TaskState::kQueued));
      return {.status = is_new ? 202 : 200, .body = api::EncodeTaskReport(place->second)};
    }
    if (call == "EVENTS") {
      return NewStream(ListTasks());
    }
    const auto found = tasks.find(request.path_parameter);
    if (found == tasks.end()) {
      return Refusal(404, "", "there is no task " + request.path_parameter);
    }
    const net::ServerResponse response{.body = api::EncodeTaskReport(found->second)};
    if (call == "DELETE") {
      tasks.erase(found);
    }
    return response;
  }

  net::ServerResponse NewStream(const std::string& beginning) {
    const auto stream = std::make_shared<Stream>();
    stream->pending = beginning;
    streams.push_back(stream);
    ++streams_so_far;
    return {.content_type = "application/x-ndjson",
            .next_chunk = [state = shared_from_this(), stream](const std::stop_token& stop) {
              return state->NextChunk(*stream, stop);
            }};
  }

  std::string ListTasks() const {
    std::string list;
    for (const auto& [id, report] : tasks) {
      list += api::EncodeTaskReport(report) + "\n";
    }
    return list;
  }

  std::optional<std::string> NextChunk(Stream& stream, const std::stop_token& stop) {
    std::unique_lock lock(mutex);
    changed.wait_for(lock, milliseconds(50),
                     [&] { return stream.ended || !stream.pending.empty(); });
    if (!stream.pending.empty()) {
      return std::exchange(stream.pending, {});
    }
    if (stream.ended || stop.stop_requested()) {
      return std::nullopt;
    }
    return keep_alive == KeepAlive::kYes ? "\n" : "";
  }
};

ScriptedAgent::ScriptedAgent(std::optional<net::ServerTls> tls)
    : tls_(std::move(tls)), state_(std::make_shared<State>()) {}

ScriptedAgent::~ScriptedAgent() { Stop(); }

void ScriptedAgent::Start() {
  auto server =
      net::HttpServer::Make({.bind_address = "127.0.0.1:" + std::to_string(port_), .tls = tls_});
  ASSERT_TRUE(server) << server.error().message;
  server_ = std::move(server).value();
  const auto answer = [state = state_](const std::string& call) {
    return
        [state, call](const net::ServerRequest& request) { return state->Answer(call, request); };
  };
  server_->Handle("POST", "/v1/tasks", answer("POST"));
  server_->Handle("GET", "/v1/tasks/*", answer("GET"));
  server_->Handle("DELETE", "/v1/tasks/*", answer("DELETE"));
  server_->Handle("GET", "/v1/info", answer("INFO"));
  server_->Handle("GET", "/v1/events", [state = state_](const net::ServerRequest& request) {
    return state->Answer("EVENTS", request);
  });
  const auto started = server_->Start();
  ASSERT_TRUE(started) << started.error().message;
  port_ = server_->port();
}

void ScriptedAgent::Stop() {
  if (server_) {
    server_->Stop();
    server_.reset();
  }
}

std::string ScriptedAgent::url() const {
  return (tls_ ? "https://127.0.0.1:" : "http://127.0.0.1:") + std::to_string(port_);
}

void ScriptedAgent::Script(const std::string& call, Reply reply) {
  const std::lock_guard lock(state_->mutex);
  state_->scripts[call] = std::move(reply);
}

void ScriptedAgent::Tell(const api::TaskReport& report) {
  const std::lock_guard lock(state_->mutex);
  state_->tasks[report.id] = report;
  state_->Send(api::EncodeTaskReport(report) + "\n");
}

void ScriptedAgent::Change(const api::TaskReport& report) {
  const std::lock_guard lock(state_->mutex);
  state_->tasks[report.id] = report;
}

void ScriptedAgent::ForgetTasks() {
  const std::lock_guard lock(state_->mutex);
  state_->tasks.clear();
}

void ScriptedAgent::SendRaw(const std::string& bytes) {
  const std::lock_guard lock(state_->mutex);
  state_->Send(bytes);
}

net::ServerResponse ScriptedAgent::NewStreamWithoutList() {
  const std::lock_guard lock(state_->mutex);
  return state_->NewStream("");
}

void ScriptedAgent::EndStreams() {
  const std::lock_guard lock(state_->mutex);
  for (const auto& weak : state_->streams) {
    if (const auto stream = weak.lock()) {
      stream->ended = true;
    }
  }
  state_->changed.notify_all();
}

void ScriptedAgent::SetKeepAlive(KeepAlive keep_alive) {
  const std::lock_guard lock(state_->mutex);
  state_->keep_alive = keep_alive;
}

int ScriptedAgent::open_streams() const {
  const std::lock_guard lock(state_->mutex);
  return static_cast<int>(
      std::count_if(state_->streams.begin(), state_->streams.end(),
                    [](const auto& stream) { return !stream.expired() && !stream.lock()->ended; }));
}

int ScriptedAgent::streams_so_far() const {
  const std::lock_guard lock(state_->mutex);
  return state_->streams_so_far;
}

int ScriptedAgent::calls(const std::string& call) const {
  const std::lock_guard lock(state_->mutex);
  const auto found = state_->calls.find(call);
  return found == state_->calls.end() ? 0 : found->second;
}

std::optional<api::TaskState> ScriptedAgent::StateOf(const std::string& id) const {
  const std::lock_guard lock(state_->mutex);
  const auto found = state_->tasks.find(id);
  return found == state_->tasks.end() ? std::nullopt : std::optional(found->second.state);
}

void Changes::Note(const api::TaskReport& report) {
  const std::lock_guard lock(mutex_);
  states_[report.id].push_back(report.state);
}

std::vector<api::TaskState> Changes::Of(const std::string& id) const {
  const std::lock_guard lock(mutex_);
  const auto found = states_.find(id);
  return found == states_.end() ? std::vector<api::TaskState>() : found->second;
}

bool Changes::WaitFor(const std::string& id, api::TaskState state) const {
  return Eventually([&] {
    const auto states = Of(id);
    return std::find(states.begin(), states.end(), state) != states.end();
  });
}

api::TaskReport Report(const std::string& id, api::TaskState state) {
  api::TaskReport report;
  report.id = id;
  report.tenant = api::TenantId("acme");
  report.state = state;
  if (state == api::TaskState::kFailed) {
    report.error = Error{.code = ErrorCode::kInvalid, .message = "the schema is wrong"};
  }
  return report;
}

net::ServerResponse Refusal(int status, const std::string& reason, const std::string& message) {
  const nlohmann::json error{{"code", "Invalid"}, {"reason", reason}, {"message", message}};
  return {.status = status, .body = nlohmann::json{{"error", error}}.dump()};
}

}  // namespace tenantry::agents
