#pragma once

#include <string>

#include "agent/load/table_loader.h"
#include "agent/tasks/task.h"

namespace tenantry::agent {

struct LoadOptions {
  std::string fixtures_dir;  // root of `volume` sources; empty: none are allowed
  load::LoadLimits limits;   // of each load
};

// Handlers of Load and Unload.
TaskHandlers MakeLoadHandlers(LoadOptions options);

}  // namespace tenantry::agent
