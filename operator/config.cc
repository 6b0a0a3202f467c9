#include "operator/config.h"

#include <map>

#include "common/flags/values.h"
#include "common/telemetry/profiles.h"

namespace tenantry {
namespace {

constexpr char kWhyTls[] = "the operator speaks to agents over mutual TLS only";

Result<std::chrono::seconds> Seconds(const flags::Values& values, const std::string& name) {
  const auto duration = TRY(flags::Duration(values, name));
  return std::chrono::ceil<std::chrono::seconds>(duration);
}

Result<FeatureGates> ParseFeatureGates(const flags::Values& values) {
  FeatureGates gates;
  const std::map<std::string, bool*> known = {{"StreamingLists", &gates.streaming_lists}};
  for (const std::string& setting : flags::List(values, "feature-gates")) {
    const std::size_t equals = setting.find('=');
    const auto gate = known.find(setting.substr(0, equals));
    const std::string value = equals == std::string::npos ? "" : setting.substr(equals + 1);
    if (gate == known.end() || (value != "true" && value != "false")) {
      return flags::BadValue(values, "feature-gates",
                             "\"" + setting + "\" is not one of StreamingLists=true|false");
    }
    *gate->second = value == "true";
  }
  return gates;
}

std::set<api::Namespace> Namespaces(const std::set<std::string>& names) {
  std::set<api::Namespace> namespaces;
  for (const std::string& name : names) {
    namespaces.emplace(name);
  }
  return namespaces;
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
           {"kube-api-qps", "0",
            "most requests per second to the Kubernetes API; 0: no limit here, the API server's "
            "Priority and Fairness decides"},
           {"kube-api-burst", "100", "requests that may come at once above --kube-api-qps"},
           {"watch-namespaces", "",
            "namespaces to work in, separated by commas; default: all of the cluster"},
           {"watch-label-selector", "",
            "only DataStores, Tenants and FixtureSets with these labels, such as shard=a"},
           {"no-cross-namespace-refs", "false",
            "a Tenant may refer to a DataStore of its own namespace only"},
           {"metrics-bind-address", ":8080", "address of /metrics; 0 as port takes any free one"},
           {"metrics-secure", "false",
            "/metrics over HTTPS, for tokens that may get the nonResourceURL /metrics"},
           {"metrics-cert-path", "",
            "folder with tls.crt and tls.key for it; default: a self-signed certificate"},
           {"health-probe-bind-address", ":8081", "address of /livez, /readyz and /healthz"},
           {"debug-bind-address", "0",
            "loopback address of /debug/pprof/profile and /debug/pprof/heap, such as "
            "127.0.0.1:6060; 0: none"},
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
           {"resync-period", "10h", "time after which every object is looked at again"},
           {"cache-sync-timeout", "2m", "the operator ends when its first lists take longer"},
           {"graceful-shutdown-timeout", "30s", "time for running passes to end after SIGTERM"},
           {"feature-gates", "",
            "features to switch, such as StreamingLists=false: lists come in pages even where the "
            "API server can stream them (default: true)"},
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
                        .watch_namespaces = Namespaces(flags::List(values, "watch-namespaces")),
                        .watch_label_selector = values.at("watch-label-selector"),
                        .no_cross_namespace_refs = flags::IsOn(values, "no-cross-namespace-refs"),
                        .metrics_bind_address = values.at("metrics-bind-address"),
                        .metrics_secure = flags::IsOn(values, "metrics-secure"),
                        .metrics_cert_path = values.at("metrics-cert-path"),
                        .health_probe_bind_address = values.at("health-probe-bind-address"),
                        .leader_elect = flags::IsOn(values, "leader-elect"),
                        .leader_election_id = values.at("leader-election-id"),
                        .leader_election_namespace = values.at("leader-election-namespace"),
                        .tiers_file = values.at("tiers-file"),
                        .trust_domain = values.at("trust-domain")};
  config.debug_bind_address = TRY(flags::Named(
      telemetry::ParseDebugAddress(values.at("debug-bind-address")), values, "debug-bind-address"));
  config.kube_api_qps = TRY(flags::NumberFromZero(values, "kube-api-qps"));
  config.kube_api_burst = TRY(flags::WholeNumber(values, "kube-api-burst", 1, 100'000));
  config.lease_duration = TRY(flags::Duration(values, "leader-election-lease-duration"));
  config.renew_deadline = TRY(flags::Duration(values, "leader-election-renew-deadline"));
  config.retry_period = TRY(flags::Duration(values, "leader-election-retry-period"));
  config.max_concurrent_reconciles =
      TRY(flags::WholeNumber(values, "max-concurrent-reconciles", 1, 1000));
  config.min_retry_delay = TRY(flags::Duration(values, "min-retry-delay"));
  config.max_retry_delay = TRY(flags::Duration(values, "max-retry-delay"));
  config.drift_interval = TRY(Seconds(values, "drift-interval"));
  config.rotation_overlap = TRY(Seconds(values, "rotation-overlap"));
  config.resync_period = TRY(flags::Duration(values, "resync-period"));
  config.feature_gates = TRY(ParseFeatureGates(values));
  config.cache_sync_timeout = TRY(flags::Duration(values, "cache-sync-timeout"));
  config.graceful_shutdown_timeout = TRY(flags::Duration(values, "graceful-shutdown-timeout"));
  config.agent_tls.ca_file = TRY(flags::Required(values, "agent-ca-file", kWhyTls));
  config.agent_tls.certificate_file = TRY(flags::Required(values, "agent-cert-file", kWhyTls));
  config.agent_tls.key_file = TRY(flags::Required(values, "agent-key-file", kWhyTls));
  config.log_level =
      TRY(flags::Named(log::ParseLevel(values.at("log-level")), values, "log-level"));
  config.log_encoding =
      TRY(flags::Named(log::ParseEncoding(values.at("log-encoding")), values, "log-encoding"));
  if (config.metrics_secure && config.metrics_bind_address == config.health_probe_bind_address) {
    return Error{ErrorCode::kInvalid,
                 "--metrics-secure needs a --metrics-bind-address of its own: the probes are plain "
                 "HTTP"};
  }
  if (config.renew_deadline >= config.lease_duration ||
      config.retry_period >= config.renew_deadline) {
    return Error{ErrorCode::kInvalid,
                 "leader election needs retry-period < renew-deadline < lease-duration"};
  }
  return config;
}

}  // namespace tenantry
