#pragma once

#include <functional>

#include "agent/tasks/runner.h"
#include "common/api/protocol.h"
#include "common/net/http_server.h"

namespace tenantry::agent {

// Adds the agent's control API to a server (docs/protocol.md): /v1/tasks, /v1/events, /v1/info.
// `runner` must outlive the server. `info` is called for each GET /v1/info, on any thread.
void AddTaskApi(net::HttpServer& server, TaskRunner& runner, std::function<api::AgentInfo()> info);

}  // namespace tenantry::agent
