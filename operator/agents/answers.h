#pragma once

#include <string>

#include "common/api/protocol.h"
#include "common/base/error.h"
#include "common/base/result.h"
#include "common/net/http_client.h"
#include "operator/agents/client.h"

// What an agent's answer, or the lack of one, means. Pure. The errors are those that client.h
// promises; each message tells what could not be done, with which agent, why, and what to do next.
namespace tenantry::agents {

enum class Operation { kSubmit, kGet, kForget, kInfo, kEvents };
const char* ToString(Operation operation);  // as in metrics: "submit"

// One call to one agent, for messages.
struct Call {
  Operation operation = Operation::kInfo;
  AgentAddress agent;
  std::string task_id;  // empty when the call is not about one task
};

// There was no answer: `failure` is HttpClient's error.
Error ExplainNoAnswer(const Call& call, const Error& failure);
// The answer's status is not one of success.
Error ExplainRefusal(const Call& call, const net::HttpResponse& response);

Result<api::TaskReport> ReadReport(const Call& call, const net::HttpResponse& response);
// Also kInvalid (AgentVersionSkew) when the agent speaks another version of the protocol.
Result<api::AgentInfo> ReadInfo(const Call& call, const net::HttpResponse& response);

}  // namespace tenantry::agents
