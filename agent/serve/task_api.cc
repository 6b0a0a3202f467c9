#include "agent/serve/task_api.h"

#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "common/api/protocol_codec.h"
#include "common/api/reasons.h"

namespace tenantry::agent {
namespace {

using net::ServerRequest;
using net::ServerResponse;

constexpr std::chrono::milliseconds kEventPatience{500};
constexpr std::chrono::seconds kKeepAlive{10};  // an empty line, so that silence means a dead peer

int StatusOf(const Error& error) {
  if (error.reason == api::reason::kAgentVersionSkew) {
    return 422;
  }
  switch (error.code) {
    case ErrorCode::kInvalid:
      return 400;
    case ErrorCode::kNotFound:
      return 404;
    case ErrorCode::kConflict:
      return 409;
    case ErrorCode::kUnavailable:
    case ErrorCode::kOutcomeUnknown:
    case ErrorCode::kCancelled:
      return 503;
    case ErrorCode::kInternal:
      return 500;
  }
  return 500;
}

std::string EncodeError(const Error& error) {
  const nlohmann::json body{
      {"code", ToString(error.code)}, {"reason", error.reason}, {"message", error.message}};
  return body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

ServerResponse Refusal(const Error& error) {
  return {.status = StatusOf(error), .body = "{\"error\":" + EncodeError(error) + "}"};
}

ServerResponse Answer(const Result<api::TaskReport>& report) {
  if (!report) {
    return Refusal(report.error());
  }
  return {.status = 200, .body = api::EncodeTaskReport(*report)};
}

// The error, and the task that has the id.
ServerResponse Conflict(const Error& error, const Result<api::TaskReport>& task) {
  ServerResponse response{.status = 409, .body = "{\"error\":" + EncodeError(error)};
  if (task) {
    response.body += ",\"task\":" + api::EncodeTaskReport(*task);
  }
  response.body += "}";
  return response;
}

ServerResponse Submit(TaskRunner& runner, const ServerRequest& request) {
  Result<api::TaskRequest> task = api::DecodeTaskRequest(request.body);
  if (!task) {
    return Refusal(task.error());
  }
  const std::string id = task->id;
  const auto submitted = runner.Submit(std::move(task).value());
  if (submitted) {
    return {.status = submitted->is_new ? 202 : 200,
            .body = api::EncodeTaskReport(submitted->report)};
  }
  if (submitted.error().code == ErrorCode::kConflict) {
    return Conflict(submitted.error(), runner.Get(id));
  }
  return Refusal(submitted.error());
}

ServerResponse List(TaskRunner& runner) {
  std::string body = "{\"tasks\":[";
  for (const api::TaskReport& report : runner.List()) {
    body += (body.ends_with('[') ? "" : ",") + api::EncodeTaskReport(report);
  }
  return {.status = 200, .body = body + "]}"};
}

// The pieces of one event stream.
class EventStream {
 public:
  explicit EventStream(std::unique_ptr<TaskRunner::Subscription> subscription)
      : subscription_(std::move(subscription)) {}

  std::optional<std::string> Next(const std::stop_token& stop) {
    const bool is_last = stop.stop_requested();
    std::string lines;
    for (const auto& report :
         subscription_->Next(is_last ? std::chrono::milliseconds(0) : kEventPatience)) {
      lines += api::EncodeTaskReport(report) + "\n";
    }
    const auto now = std::chrono::steady_clock::now();
    if (lines.empty() && now - sent_ >= kKeepAlive) {
      lines = "\n";
    }
    if (!lines.empty()) {
      sent_ = now;
    }
    return lines.empty() && is_last ? std::nullopt : std::optional(lines);
  }

 private:
  const std::unique_ptr<TaskRunner::Subscription> subscription_;
  std::chrono::steady_clock::time_point sent_ = std::chrono::steady_clock::now();
};

ServerResponse Events(TaskRunner& runner) {
  auto stream = std::make_shared<EventStream>(runner.Subscribe());
  return {.status = 200,
          .content_type = "application/x-ndjson",
          .next_chunk = [stream](const std::stop_token& stop) { return stream->Next(stop); }};
}

}  // namespace

void AddTaskApi(net::HttpServer& server, TaskRunner& runner, std::function<api::AgentInfo()> info) {
  server.Handle("POST", "/v1/tasks",
                [&runner](const ServerRequest& request) { return Submit(runner, request); });
  server.Handle("GET", "/v1/tasks", [&runner](const ServerRequest&) { return List(runner); });
  server.Handle("GET", "/v1/tasks/*", [&runner](const ServerRequest& request) {
    return Answer(runner.Get(request.path_parameter));
  });
  server.Handle("DELETE", "/v1/tasks/*", [&runner](const ServerRequest& request) {
    return Answer(runner.Delete(request.path_parameter));
  });
  server.Handle("GET", "/v1/events", [&runner](const ServerRequest&) { return Events(runner); });
  server.Handle("GET", "/v1/info", [info = std::move(info)](const ServerRequest&) {
    return ServerResponse{.status = 200, .body = api::EncodeAgentInfo(info())};
  });
}

}  // namespace tenantry::agent
