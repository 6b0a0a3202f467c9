#include "agent/config.h"

#include "common/base/quantity.h"
#include "common/base/strings.h"
#include "common/flags/values.h"
#include "common/telemetry/profiles.h"

namespace tenantry::agent {
namespace {

constexpr char kWhyTls[] = "the agent answers over mutual TLS only";
constexpr std::int64_t kLeastMemory = 4 << 20;

Result<std::int64_t> MemoryLimit(const flags::Values& values) {
  const std::string& text = values.at("memory-limit");
  const Result<std::int64_t> bytes = ParseBytes(text);
  if (bytes && *bytes >= kLeastMemory) {
    return *bytes;
  }
  return Error{ErrorCode::kInvalid, "--memory-limit: \"" + Shorten(text) +
                                        "\" is no size of at least 4Mi, such as 64Mi."};
}

}  // namespace

flags::Program AgentFlags() {
  return {
      .name = "tenantry-agent",
      .description = "Does the operator's tasks next to PostgreSQL and Redis.",
      .env_prefix = "TENANTRY_AGENT",
      .flags =
          {{"name", "", "name in the agent's info; default: the host's name"},
           {"listen-address", ":8443", "address of the task API; 0 as port takes any free one"},
           {"health-probe-bind-address", ":8081",
            "address of /livez, /readyz, /startupz and /healthz, without TLS"},
           {"metrics-bind-address", ":8081", "address of /metrics, without TLS; may be the same"},
           {"debug-bind-address", "0",
            "loopback address of /debug/pprof/profile and /debug/pprof/heap, such as "
            "127.0.0.1:6060; 0: none"},
           {"tls-ca-file", "", "PEM: the CA of the operator's certificate (required)"},
           {"tls-cert-file", "",
            "PEM: the agent's certificate, followed when it is renewed"
            " (required)"},
           {"tls-key-file", "", "PEM: its private key (required)"},
           {"trust-domain", "tenantry.dev", "trust domain of the SPIFFE IDs in the certificates"},
           {"fixtures-dir", "", "folder of the files that FixtureSets may load; empty: none may"},
           {"max-concurrent-tasks", "4", "tasks that run side by side, 1 to 256"},
           {"memory-limit", "64Mi", "buffers of all loads together, e.g. 256Mi; each has its part"},
           {"connections", "2", "sessions with PostgreSQL of each large load, 1 to 64"},
           {"graceful-shutdown-timeout", "30s",
            "time for running tasks to reach a safe point after SIGTERM"},
           {"log-level", "info", "debug, info, warn or error"},
           {"log-encoding", "json", "json or console"}},
      .examples =
          "Example, on a laptop:\n"
          "  tenantry-agent --listen-address 127.0.0.1:8443 --tls-ca-file ca.crt \\\n"
          "      --tls-cert-file agent.crt --tls-key-file agent.key \\\n"
          "      --fixtures-dir ./fixtures --log-encoding console\n"};
}

Result<AgentConfig> MakeAgentConfig(const flags::Values& values) {
  AgentConfig config{.name = values.at("name"),
                     .listen_address = values.at("listen-address"),
                     .health_probe_bind_address = values.at("health-probe-bind-address"),
                     .metrics_bind_address = values.at("metrics-bind-address"),
                     .trust_domain = values.at("trust-domain"),
                     .fixtures_dir = values.at("fixtures-dir")};
  config.debug_bind_address = TRY(flags::Named(
      telemetry::ParseDebugAddress(values.at("debug-bind-address")), values, "debug-bind-address"));
  config.tls.ca_file = TRY(flags::Required(values, "tls-ca-file", kWhyTls));
  config.tls.certificate_file = TRY(flags::Required(values, "tls-cert-file", kWhyTls));
  config.tls.key_file = TRY(flags::Required(values, "tls-key-file", kWhyTls));
  config.max_concurrent_tasks = TRY(flags::WholeNumber(values, "max-concurrent-tasks", 1, 256));
  config.connections = TRY(flags::WholeNumber(values, "connections", 1, 64));
  config.memory_limit_bytes = TRY(MemoryLimit(values));
  config.graceful_shutdown_timeout = TRY(flags::Duration(values, "graceful-shutdown-timeout"));
  config.log_level =
      TRY(flags::Named(log::ParseLevel(values.at("log-level")), values, "log-level"));
  config.log_encoding =
      TRY(flags::Named(log::ParseEncoding(values.at("log-encoding")), values, "log-encoding"));
  return config;
}

}  // namespace tenantry::agent
