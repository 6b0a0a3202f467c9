#include "operator/config.h"

#include <charconv>
#include <utility>

#include "common/base/quantity.h"

namespace tenantry {
namespace {

Error BadValue(const std::string& name, const std::string& value, const std::string& why) {
  return {ErrorCode::kInvalid, "--" + name + "=" + value + ": " + why};
}

Result<std::chrono::milliseconds> Duration(const flags::Values& values, const std::string& name) {
  Result<std::chrono::milliseconds> duration = ParseDuration(values.at(name));
  if (!duration || duration->count() <= 0) {
    return BadValue(name, values.at(name), "not a duration above 0 such as 30s or 10m");
  }
  return duration;
}

Result<std::chrono::seconds> Seconds(const flags::Values& values, const std::string& name) {
  const auto duration = TRY(Duration(values, name));
  return std::chrono::ceil<std::chrono::seconds>(duration);
}

Result<int> Positive(const flags::Values& values, const std::string& name, int limit) {
  const std::string& text = values.at(name);
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 1 || number > limit) {
    return BadValue(name, text, "not a whole number from 1 to " + std::to_string(limit));
  }
  return number;
}

Result<std::string> Needed(const flags::Values& values, const std::string& name) {
  if (values.at(name).empty()) {
    return Error{ErrorCode::kInvalid,
                 "--" + name + " is required: the operator speaks to agents over mutual TLS only"};
  }
  return values.at(name);
}

template <class T>
Result<T> Named(Result<T> result, const flags::Values& values, const std::string& name) {
  if (!result) {
    return BadValue(name, values.at(name), result.error().message);
  }
  return result;
}

}  // namespace

flags::Program OperatorFlags() {
  return {
      .name = "tenantry-operator",
      .description =
          "Gives every tenant its place in PostgreSQL and Redis, from Kubernetes objects.",
      .env_prefix = "TENANTRY_OPERATOR",
      .flags =
          {{"kubeconfig", "", "kubeconfig file; default: $KUBECONFIG, in-cluster, ~/.kube/config"},
           {"context", "", "context of the kubeconfig; default: its current one"},
           {"metrics-bind-address", ":8080", "address of /metrics; 0 as port takes any free one"},
           {"health-probe-bind-address", ":8081", "address of /livez, /readyz and /healthz"},
           {"leader-elect", "true", "only the holder of the Lease works; the others stand by"},
           {"leader-election-id", "tenantry-operator", "name of the Lease"},
           {"leader-election-namespace", "",
            "namespace of the Lease; default: the operator's own, or that of the context"},
           {"leader-election-lease-duration", "15s", "how long a lost leader blocks the others"},
           {"leader-election-renew-deadline", "10s", "a leader that cannot renew for so long ends"},
           {"leader-election-retry-period", "2s", "time between two tries"},
           {"max-concurrent-reconciles", "10", "objects worked on side by side, 1 to 1000"},
           {"min-retry-delay", "5ms", "first delay after a failure; doubles each time"},
           {"max-retry-delay", "1000s", "longest delay after failures"},
           {"drift-interval", "10m", "time between two comparisons of a tenant with its spec"},
           {"rotation-overlap", "10m", "how long rotated credentials stay valid"},
           {"cache-sync-timeout", "2m", "the operator ends when its first lists take longer"},
           {"graceful-shutdown-timeout", "30s", "time for running passes to end after SIGTERM"},
           {"tiers-file", "", "JSON file with the tiers; default: the built-in six"},
           {"agent-ca-file", "", "PEM: the CA of the agents' certificates (required)"},
           {"agent-cert-file", "", "PEM: the operator's certificate towards agents (required)"},
           {"agent-key-file", "", "PEM: its private key (required)"},
           {"trust-domain", "tenantry.dev", "trust domain of the SPIFFE IDs in the certificates"},
           {"log-level", "info", "debug, info, warn or error"},
           {"log-encoding", "json", "json or console"}},
      .examples =
          "Example, on a laptop:\n"
          "  tenantry-operator --kubeconfig ~/.kube/config --agent-ca-file ca.crt \\\n"
          "      --agent-cert-file operator.crt --agent-key-file operator.key \\\n"
          "      --log-encoding console\n"};
}

Result<OperatorConfig> MakeOperatorConfig(const flags::Values& values) {
  OperatorConfig config{.kubeconfig = values.at("kubeconfig"),
                        .context = values.at("context"),
                        .metrics_bind_address = values.at("metrics-bind-address"),
                        .health_probe_bind_address = values.at("health-probe-bind-address"),
                        .leader_elect = values.at("leader-elect") == "true",
                        .leader_election_id = values.at("leader-election-id"),
                        .leader_election_namespace = values.at("leader-election-namespace"),
                        .tiers_file = values.at("tiers-file"),
                        .trust_domain = values.at("trust-domain")};
  config.lease_duration = TRY(Duration(values, "leader-election-lease-duration"));
  config.renew_deadline = TRY(Duration(values, "leader-election-renew-deadline"));
  config.retry_period = TRY(Duration(values, "leader-election-retry-period"));
  config.max_concurrent_reconciles = TRY(Positive(values, "max-concurrent-reconciles", 1000));
  config.min_retry_delay = TRY(Duration(values, "min-retry-delay"));
  config.max_retry_delay = TRY(Duration(values, "max-retry-delay"));
  config.drift_interval = TRY(Seconds(values, "drift-interval"));
  config.rotation_overlap = TRY(Seconds(values, "rotation-overlap"));
  config.cache_sync_timeout = TRY(Duration(values, "cache-sync-timeout"));
  config.graceful_shutdown_timeout = TRY(Duration(values, "graceful-shutdown-timeout"));
  config.agent_tls.ca_file = TRY(Needed(values, "agent-ca-file"));
  config.agent_tls.certificate_file = TRY(Needed(values, "agent-cert-file"));
  config.agent_tls.key_file = TRY(Needed(values, "agent-key-file"));
  config.log_level = TRY(Named(log::ParseLevel(values.at("log-level")), values, "log-level"));
  config.log_encoding =
      TRY(Named(log::ParseEncoding(values.at("log-encoding")), values, "log-encoding"));
  if (config.renew_deadline >= config.lease_duration ||
      config.retry_period >= config.renew_deadline) {
    return Error{ErrorCode::kInvalid,
                 "leader election needs retry-period < renew-deadline < lease-duration"};
  }
  return config;
}

}  // namespace tenantry
