#include "agent/config.h"

#include <gtest/gtest.h>

#include <variant>
#include <vector>

#include "common/flags/flags.h"
#include "operator/config.h"

namespace tenantry {
namespace {

using std::chrono_literals::operator""s;

// What the program makes of a command line.
flags::Values ParseLine(const flags::Program& program, std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), program.name.c_str());
  const auto parsed = flags::Parse(program, static_cast<int>(arguments.size()), arguments.data());
  const auto* early = std::get_if<flags::EarlyExit>(&parsed);
  EXPECT_EQ(early, nullptr) << early->text;
  return early != nullptr ? flags::Values() : std::get<flags::Values>(parsed);
}

Result<OperatorConfig> Operator(std::vector<const char*> arguments) {
  for (const char* needed : {"--agent-ca-file=a", "--agent-cert-file=b", "--agent-key-file=c"}) {
    arguments.push_back(needed);
  }
  return MakeOperatorConfig(ParseLine(OperatorFlags(), std::move(arguments)));
}

Result<agent::AgentConfig> Agent(std::vector<const char*> arguments) {
  for (const char* needed : {"--tls-ca-file=a", "--tls-cert-file=b", "--tls-key-file=c"}) {
    arguments.push_back(needed);
  }
  return agent::MakeAgentConfig(ParseLine(agent::AgentFlags(), std::move(arguments)));
}

TEST(OperatorConfig, HasTheDocumentedDefaults) {
  const OperatorConfig config = Operator({}).value();
  EXPECT_EQ(config.lease_duration, 15s);
  EXPECT_EQ(config.resync_period, 36'000s);
  EXPECT_EQ(config.kube_api_qps, 0);
  EXPECT_TRUE(config.watch_namespaces.empty());
  EXPECT_TRUE(config.feature_gates.streaming_lists);
  EXPECT_FALSE(config.metrics_secure);
}

TEST(OperatorConfig, TakesAListOfNamespaces) {
  const OperatorConfig config = Operator({"--watch-namespaces", "team-a, team-b,,team-a"}).value();
  EXPECT_EQ(config.watch_namespaces,
            (std::set{api::Namespace("team-a"), api::Namespace("team-b")}));
}

TEST(OperatorConfig, TakesABareSwitchAsTrue) {
  EXPECT_TRUE(Operator({"--no-cross-namespace-refs"}).value().no_cross_namespace_refs);
  EXPECT_TRUE(Operator({"--metrics-secure", "--kube-api-qps=1"}).value().metrics_secure);
  EXPECT_TRUE(Operator({"--metrics-secure=true"}).value().metrics_secure);
  EXPECT_FALSE(Operator({"--leader-elect=false"}).value().leader_elect);
}

TEST(OperatorConfig, SwitchesAFeature) {
  const OperatorConfig config = Operator({"--feature-gates=StreamingLists=false"}).value();
  EXPECT_FALSE(config.feature_gates.streaming_lists);
}

struct BadFlag {
  const char* argument;
  const char* message;
};

TEST(OperatorConfig, NamesTheFlagItsValueAndWhatWouldDo) {
  const BadFlag cases[] = {
      {"--feature-gates=Rockets=true",
       "--feature-gates=Rockets=true: \"Rockets=true\" is not one of StreamingLists=true|false"},
      {"--feature-gates=StreamingLists",
       "--feature-gates=StreamingLists: \"StreamingLists\" is not one of "
       "StreamingLists=true|false"},
      {"--kube-api-qps=-1", "--kube-api-qps=-1: not a number from 0 up"},
      {"--kube-api-qps=nan", "--kube-api-qps=nan: not a number from 0 up"},
      {"--kube-api-burst=0", "--kube-api-burst=0: not a whole number from 1 to 100000"},
      {"--max-concurrent-reconciles=many",
       "--max-concurrent-reconciles=many: not a whole number from 1 to 1000"},
      {"--drift-interval=0s", "--drift-interval=0s: not a duration above 0 such as 30s or 10m"},
      {"--leader-election-renew-deadline=20s",
       "leader election needs retry-period < renew-deadline < lease-duration"},
  };
  for (const BadFlag& each : cases) {
    const auto config = Operator({each.argument});
    ASSERT_FALSE(config.has_value()) << each.argument;
    EXPECT_EQ(config.error().message, each.message);
    EXPECT_EQ(config.error().code, ErrorCode::kInvalid);
  }
}

TEST(OperatorConfig, DoesNotServeSecureMetricsBesideThePlainProbes) {
  EXPECT_EQ(
      Operator({"--metrics-bind-address=:8081", "--metrics-secure"}).error().message,
      "--metrics-secure needs a --metrics-bind-address of its own: the probes are plain HTTP");
}

TEST(OperatorConfig, NeedsCertificates) {
  EXPECT_EQ(MakeOperatorConfig(ParseLine(OperatorFlags(), {})).error().message,
            "--agent-ca-file is required: the operator speaks to agents over mutual TLS only");
}

TEST(AgentConfig, ReadsItsFlags) {
  const agent::AgentConfig config =
      Agent({"--name=east", "--max-concurrent-tasks=7", "--graceful-shutdown-timeout=1m"}).value();
  EXPECT_EQ(config.name, "east");
  EXPECT_EQ(config.max_concurrent_tasks, 7);
  EXPECT_EQ(config.graceful_shutdown_timeout, 60s);
}

TEST(AgentConfig, NamesTheFlagItsValueAndWhatWouldDo) {
  EXPECT_EQ(Agent({"--max-concurrent-tasks=0"}).error().message,
            "--max-concurrent-tasks=0: not a whole number from 1 to 256");
  EXPECT_EQ(agent::MakeAgentConfig(ParseLine(agent::AgentFlags(), {})).error().message,
            "--tls-ca-file is required: the agent answers over mutual TLS only");
}

}  // namespace
}  // namespace tenantry
