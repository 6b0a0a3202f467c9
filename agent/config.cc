#include "agent/config.h"

#include <charconv>
#include <utility>

#include "common/base/quantity.h"
#include "common/base/strings.h"

namespace tenantry::agent {
namespace {

Error BadValue(const flags::Values& values, const std::string& name, const std::string& why) {
  return {.code = ErrorCode::kInvalid,
          .message = "--" + name + "=" + Shorten(values.at(name), 200) + ": " + why};
}

Result<std::chrono::milliseconds> Duration(const flags::Values& values, const std::string& name) {
  Result<std::chrono::milliseconds> duration = ParseDuration(values.at(name));
  if (!duration || duration->count() <= 0) {
    return BadValue(values, name, "not a duration above 0 such as 30s or 10m");
  }
  return duration;
}

Result<int> NumberUpTo(int limit, const flags::Values& values, const std::string& name) {
  const std::string& text = values.at(name);
  int number = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number);
  if (parsed.ec != std::errc() || parsed.ptr != end || number < 1 || number > limit) {
    return BadValue(values, name, "not a whole number from 1 to " + std::to_string(limit));
  }
  return number;
}

Result<std::string> Needed(const flags::Values& values, const std::string& name) {
  if (values.at(name).empty()) {
    return Error{.code = ErrorCode::kInvalid,
                 .message = "--" + name + " is required: the agent answers over mutual TLS only"};
  }
  return values.at(name);
}

template <class T>
Result<T> Named(Result<T> result, const flags::Values& values, const std::string& name) {
  if (!result) {
    return BadValue(values, name, result.error().message);
  }
  return result;
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
           {"tls-ca-file", "", "PEM: the CA of the operator's certificate (required)"},
           {"tls-cert-file", "",
            "PEM: the agent's certificate, followed when it is renewed"
            " (required)"},
           {"tls-key-file", "", "PEM: its private key (required)"},
           {"trust-domain", "tenantry.dev", "trust domain of the SPIFFE IDs in the certificates"},
           {"fixtures-dir", "", "folder of the files that FixtureSets may load; empty: none may"},
           {"max-concurrent-tasks", "4", "tasks that run side by side, 1 to 256"},
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
  config.tls.ca_file = TRY(Needed(values, "tls-ca-file"));
  config.tls.certificate_file = TRY(Needed(values, "tls-cert-file"));
  config.tls.key_file = TRY(Needed(values, "tls-key-file"));
  config.max_concurrent_tasks = TRY(NumberUpTo(256, values, "max-concurrent-tasks"));
  config.graceful_shutdown_timeout = TRY(Duration(values, "graceful-shutdown-timeout"));
  config.log_level = TRY(Named(log::ParseLevel(values.at("log-level")), values, "log-level"));
  config.log_encoding =
      TRY(Named(log::ParseEncoding(values.at("log-encoding")), values, "log-encoding"));
  return config;
}

}  // namespace tenantry::agent
