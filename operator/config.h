#pragma once

#include <chrono>
#include <string>
#include <variant>

#include "common/base/result.h"
#include "common/flags/flags.h"
#include "common/net/tls.h"
#include "common/telemetry/log.h"

namespace tenantry {

// The operator's settings; see Flags() for what each means.
struct OperatorConfig {
  std::string kubeconfig;
  std::string context;
  std::string metrics_bind_address;
  std::string health_probe_bind_address;
  bool leader_elect = true;
  std::string leader_election_id;
  std::string leader_election_namespace;  // empty: where the operator runs
  std::chrono::milliseconds lease_duration{};
  std::chrono::milliseconds renew_deadline{};
  std::chrono::milliseconds retry_period{};
  int max_concurrent_reconciles = 10;
  std::chrono::milliseconds min_retry_delay{};
  std::chrono::milliseconds max_retry_delay{};
  std::chrono::seconds drift_interval{};
  std::chrono::seconds rotation_overlap{};
  std::chrono::milliseconds cache_sync_timeout{};
  std::chrono::milliseconds graceful_shutdown_timeout{};
  std::string tiers_file;  // empty: the built-in tiers
  net::TlsFiles agent_tls;
  std::string trust_domain;
  log::Level log_level = log::Level::kInfo;
  log::Encoding log_encoding = log::Encoding::kJson;
};

flags::Program OperatorFlags();
// kInvalid names the flag and the value.
Result<OperatorConfig> MakeOperatorConfig(const flags::Values& values);

}  // namespace tenantry
