#pragma once

#include <chrono>
#include <set>
#include <string>

#include "common/api/meta.h"
#include "common/base/result.h"
#include "common/flags/flags.h"
#include "common/net/tls.h"
#include "common/telemetry/log.h"

namespace tenantry {

// What --feature-gates switches.
struct FeatureGates {
  bool streaming_lists = true;  // initial lists by sendInitialEvents where the server can
};

// The operator's settings; see OperatorFlags() for what each means.
struct OperatorConfig {
  std::string kubeconfig;
  std::string context;
  double kube_api_qps = 0;  // 0: no limit
  int kube_api_burst = 100;
  std::set<api::Namespace> watch_namespaces;  // empty: all
  std::string watch_label_selector;           // of our three kinds
  bool no_cross_namespace_refs = false;
  std::string metrics_bind_address;
  bool metrics_secure = false;
  std::string metrics_cert_path;  // empty: self-signed
  std::string health_probe_bind_address;
  std::string debug_bind_address;  // empty: none
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
  std::chrono::milliseconds resync_period{};
  FeatureGates feature_gates;
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
