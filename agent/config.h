#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "common/base/result.h"
#include "common/flags/flags.h"
#include "common/net/tls.h"
#include "common/telemetry/log.h"

namespace tenantry::agent {

// The agent's settings; see AgentFlags() for what each means.
struct AgentConfig {
  std::string name;  // empty: the host's
  std::string listen_address;
  std::string health_probe_bind_address;
  std::string metrics_bind_address;
  std::string debug_bind_address;  // empty: none
  net::TlsFiles tls;
  std::string trust_domain;
  std::string fixtures_dir;
  int max_concurrent_tasks = 4;
  int connections = 2;                         // of each large load
  std::int64_t memory_limit_bytes = 64 << 20;  // for buffers of all loads together
  std::chrono::milliseconds graceful_shutdown_timeout{};
  log::Level log_level = log::Level::kInfo;
  log::Encoding log_encoding = log::Encoding::kJson;
};

flags::Program AgentFlags();
// kInvalid names the flag and the value.
Result<AgentConfig> MakeAgentConfig(const flags::Values& values);

}  // namespace tenantry::agent
