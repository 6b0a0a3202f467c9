#pragma once

#include <stop_token>

#include "agent/config.h"
#include "agent/tasks/task.h"

namespace tenantry::agent {

// Runs the agent until `stop`, doing the tasks that `handlers` know. Returns the exit code: 0 after
// a clean stop, 1 after an error.
int RunAgent(const AgentConfig& config, TaskHandlers handlers, std::stop_token stop);

}  // namespace tenantry::agent
