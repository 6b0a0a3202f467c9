#include "operator/agents/answers.h"

#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "common/api/json_text.h"
#include "common/api/protocol_codec.h"
#include "common/api/reasons.h"
#include "common/base/strings.h"

namespace tenantry::agents {
namespace {

// Long enough for an agent's three sentences, short enough for a condition.
constexpr std::size_t kLongestMessage = 4096;
constexpr std::size_t kLongestReason = 64;
constexpr std::size_t kLongestErrorBody = 64 << 10;

constexpr char kCheckConnection[] =
    "Check that the agent runs and that nothing keeps the operator from connecting to it.";
constexpr char kCheckCertificates[] =
    "Check that the operator and the agent have valid certificates of the same CA, with the names "
    "that their roles need.";
constexpr char kAlignVersions[] = "Bring the operator and the agent to the same version.";

// What the agent said about its refusal; empty where it said nothing that can be read.
struct AgentWords {
  std::string message;
  std::string reason;
};

std::string TextField(const nlohmann::json& object, const char* name, std::size_t limit) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string()
             ? Shorten(found->get_ref<const std::string&>(), limit)
             : std::string();
}

AgentWords ReadWords(const std::string& body) {
  if (body.size() > kLongestErrorBody) {
    return {};
  }
  const auto document = api::ParseJson(body);
  if (!document || !document->is_object()) {
    return {};
  }
  const auto error = document->find("error");
  if (error == document->end()) {
    return {};
  }
  if (!error->is_object()) {
    return {.message = TextField(*document, "error", kLongestMessage), .reason = ""};
  }
  return {.message = TextField(*error, "message", kLongestMessage),
          .reason = TextField(*error, "reason", kLongestReason)};
}

std::string WhatFailed(const Call& call) {
  std::string agent = "Agent " + call.agent.name + " (" + call.agent.url + ")";
  switch (call.operation) {
    case Operation::kSubmit:
      return agent + " did not take task " + call.task_id;
    case Operation::kGet:
      return agent + " did not tell the state of task " + call.task_id;
    case Operation::kForget:
      return agent + " did not drop task " + call.task_id;
    case Operation::kInfo:
      return agent + " did not tell its version";
    case Operation::kEvents:
      return agent + " did not tell of its tasks' changes";
  }
  return agent;
}

// "<what failed>: <why>. <next step>"
std::string Sentence(const Call& call, std::string_view why, std::string_view next_step) {
  while (why.ends_with('.') || why.ends_with(' ')) {
    why.remove_suffix(1);
  }
  std::string sentence = WhatFailed(call) + ": " + std::string(why) + ".";
  if (!next_step.empty()) {
    sentence += ' ';
    sentence += next_step;
  }
  return sentence;
}

struct Meaning {
  ErrorCode code;
  const char* reason;
  const char* next_step;
};

Meaning MeaningOf(int status) {
  switch (status) {
    case 400:
    case 413:
      return {ErrorCode::kInvalid, "", ""};
    case 401:
    case 403:
      return {ErrorCode::kInvalid, api::reason::kAgentUnauthorized, kCheckCertificates};
    case 404:
      return {ErrorCode::kNotFound, "", ""};
    case 408:
    case 429:
      return {ErrorCode::kUnavailable, api::reason::kAgentUnreachable, ""};
    case 409:
      return {ErrorCode::kConflict, "", ""};
    default:
      break;
  }
  if (status >= 500) {
    return {ErrorCode::kUnavailable, api::reason::kAgentUnreachable, ""};
  }
  // 422, and whatever a peer of our version never says.
  return {ErrorCode::kInvalid, api::reason::kAgentVersionSkew, kAlignVersions};
}

Error Unreadable(const Call& call, const std::string& why) {
  return {.code = ErrorCode::kInvalid,
          .message = Sentence(call, "its answer cannot be read: " + why, kAlignVersions),
          .reason = api::reason::kAgentVersionSkew};
}

// An agent that does not tell its name goes by the one that we call it.
Result<api::AgentInfo> DecodeInfo(const Call& call, const std::string& body) {
  nlohmann::json info = TRY(api::ParseJson(body));
  if (info.is_object()) {
    info.emplace("name", call.agent.name);  // not if there is one
  }
  return api::DecodeAgentInfo(api::DumpJson(info));
}

}  // namespace

const char* ToString(Operation operation) {
  switch (operation) {
    case Operation::kSubmit:
      return "submit";
    case Operation::kGet:
      return "get";
    case Operation::kForget:
      return "forget";
    case Operation::kInfo:
      return "info";
    case Operation::kEvents:
      return "events";
  }
  return "";
}

Error ExplainNoAnswer(const Call& call, const Error& failure) {
  const std::string why = Shorten(failure.message, kLongestMessage);
  switch (failure.code) {
    case ErrorCode::kInvalid:
      return {.code = ErrorCode::kInvalid,
              .message = Sentence(call, why, kCheckCertificates),
              .reason = failure.reason.empty() ? api::reason::kAgentUnauthorized : failure.reason};
    case ErrorCode::kCancelled:
      return {.code = failure.code, .message = Sentence(call, why, ""), .reason = ""};
    case ErrorCode::kInternal:  // there was an answer, but of a kind that no agent gives
      return Unreadable(call, why);
    default:
      return {.code = ErrorCode::kUnavailable,
              .message = Sentence(call, why, kCheckConnection),
              .reason = api::reason::kAgentUnreachable};
  }
}

Error ExplainRefusal(const Call& call, const net::HttpResponse& response) {
  const Meaning meaning = MeaningOf(response.status);
  const AgentWords words = ReadWords(response.body);
  const bool authorized = meaning.reason != std::string_view(api::reason::kAgentUnauthorized);
  Error error{.code = meaning.code, .message = "", .reason = meaning.reason};
  // A refused certificate stays that, whatever a stranger says about it.
  if (!words.reason.empty() && authorized) {
    error.reason = words.reason;
  }
  if (words.message.empty()) {
    error.message = Sentence(
        call, "it answered with HTTP status " + std::to_string(response.status), meaning.next_step);
  } else {
    error.message = Sentence(call, words.message, authorized ? "" : meaning.next_step);
  }
  return error;
}

Result<api::TaskReport> ReadReport(const Call& call, const net::HttpResponse& response) {
  if (response.status != 200 && response.status != 202) {
    return ExplainRefusal(call, response);
  }
  auto report = api::DecodeTaskReport(response.body);
  if (!report) {
    return Unreadable(call, report.error().message);
  }
  if (report->id != call.task_id) {
    return Unreadable(call, "it is about task " + Shorten(report->id));
  }
  return report;
}

Result<api::AgentInfo> ReadInfo(const Call& call, const net::HttpResponse& response) {
  if (response.status != 200) {
    return ExplainRefusal(call, response);
  }
  auto info = DecodeInfo(call, response.body);
  if (!info) {
    return Unreadable(call, info.error().message);
  }
  if (info->protocol_version != api::kProtocolVersion) {
    return Error{.code = ErrorCode::kInvalid,
                 .message = "Agent " + call.agent.name + " (" + call.agent.url + ", version " +
                            Shorten(info->version) + ") speaks version " +
                            std::to_string(info->protocol_version) +
                            " of the agent protocol, this operator speaks version " +
                            std::to_string(api::kProtocolVersion) + ". " + kAlignVersions,
                 .reason = api::reason::kAgentVersionSkew};
  }
  return info;
}

}  // namespace tenantry::agents
