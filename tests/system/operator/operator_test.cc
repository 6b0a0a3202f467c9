// The operator as a program: quiet when there is nothing to do, one leader at a time, honest exits.

#include <gtest/gtest.h>
#include <signal.h>

#include <fstream>

#include "tests/system/harness/harness.h"

namespace tenantry::testing {
namespace {

using std::chrono::seconds;

// Writes of the operator's account that concern this test's namespace.
int CountWrites(const TenantTest& test) {
  std::ifstream log(Programs::Instance().cluster().audit_log);
  int writes = 0;
  for (std::string line; std::getline(log, line);) {
    const Json entry = Json::parse(line, nullptr, false);
    if (!entry.is_object() || !entry.contains("objectRef") || !entry.contains("user")) {
      continue;
    }
    const bool ours = entry["objectRef"].value("namespace", "") == test.ns() &&
                      entry["user"].value("username", "").find("tenantry") != std::string::npos;
    const std::string verb = entry.value("verb", "");
    const bool write = verb == "create" || verb == "update" || verb == "patch" || verb == "delete";
    writes += ours && write ? 1 : 0;
  }
  return writes;
}

TEST(Operator, WritesNothingWhenThereIsNothingToDo) {
  const TenantTest test("quiet");
  test.Apply(test.TenantYaml("acme", "Schema", "  schema: {template: Music}\n"));
  ASSERT_TRUE(test.BecomesReady("tenant", "acme"));
  ASSERT_TRUE(test.BecomesReady("datastore", "main"));
  ASSERT_GT(CountWrites(test), 0) << "the audit log tells of writes at all";
  // The first checks after provisioning may still bring news of the usage.
  test.Annotate("tenant/acme", "tenantry.dev/requestedAt=1");
  ASSERT_TRUE(WaitUntil(seconds(30), [&] {
    return test.Get("tenant", "acme")["status"].value("lastHandledReconcileAt", "") == "1";
  }));
  const auto passes = [] { return Programs::Instance().Passes("tenant"); };
  const int writes = CountWrites(test);
  const std::string version = test.Get("tenant", "acme")["metadata"]["resourceVersion"];
  const double before = passes();
  // At least two more checks of the database, each with the passes that belong to it.
  ASSERT_TRUE(WaitUntil(seconds(60), [&] { return passes() >= before + 4; }));
  EXPECT_EQ(CountWrites(test), writes);
  EXPECT_EQ(test.Get("tenant", "acme")["metadata"]["resourceVersion"], version);
}

TEST(Operator, StandsByWhileAnotherOneLeadsAndTakesOver) {
  Programs& programs = Programs::Instance();
  const TenantTest test("leader");
  const auto port = FreePort();
  ASSERT_TRUE(port);
  const ClusterEnvironment& cluster = programs.cluster();
  const std::string address = "127.0.0.1:" + std::to_string(*port);
  const auto standby = ChildProcess::Start(
      {.arguments = {ProgramPath("tenantry-operator"),
                     "--kubeconfig=" + cluster.operator_kubeconfig,
                     "--health-probe-bind-address=" + address, "--metrics-bind-address=" + address,
                     "--agent-ca-file=" + (cluster.pki / "ca.crt").string(),
                     "--agent-cert-file=" + (cluster.pki / "operator.crt").string(),
                     "--agent-key-file=" + (cluster.pki / "operator.key").string(),
                     "--leader-election-lease-duration=3s", "--leader-election-renew-deadline=2s",
                     "--leader-election-retry-period=250ms"},
       .log_file = cluster.directory / (test.ns() + "-standby.log")});
  ASSERT_TRUE(standby) << standby.error().message;
  ASSERT_TRUE(test.BecomesReady("datastore", "main"));
  EXPECT_EQ((*standby)->Log().find("became leader"), std::string::npos);

  programs.KillOperator();
  EXPECT_TRUE(WaitUntil(seconds(20), [&] {
    return (*standby)->Log().find("became leader") != std::string::npos;
  })) << (*standby)->Log();
  test.Apply(test.TenantYaml("acme", "Schema"));
  EXPECT_TRUE(test.BecomesReady("tenant", "acme"));
  const auto stopped = (*standby)->Stop();
  ASSERT_TRUE(stopped);
  EXPECT_EQ(*stopped, 0);
  programs.StartOperator();
  EXPECT_TRUE(test.BecomesReady("tenant", "acme"));
}

TEST(Operator, ExitsWithTwoAndAReasonForBadFlags) {
  const auto run = [](std::vector<std::string> flags) {
    flags.insert(flags.begin(), ProgramPath("tenantry-operator"));
    return RunCommand({.arguments = std::move(flags)});
  };
  const auto unknown = run({"--no-such-flag"});
  ASSERT_TRUE(unknown);
  EXPECT_EQ(unknown->exit_code, 2);
  EXPECT_NE(unknown->errors.find("no-such-flag"), std::string::npos);
  const auto missing = run({});
  ASSERT_TRUE(missing);
  EXPECT_EQ(missing->exit_code, 2);
  EXPECT_NE(missing->errors.find("agent-ca-file"), std::string::npos);
  const auto version = run({"--version"});
  ASSERT_TRUE(version);
  EXPECT_EQ(version->exit_code, 0);
  EXPECT_NE(version->output.find("tenantry-operator"), std::string::npos);
}

TEST(Programs, LogNoSecret) {
  const TenantTest test("logs");
  test.Apply(test.TenantYaml("acme", "Schema", "  schema: {template: Music}\n"));
  ASSERT_TRUE(test.BecomesReady("tenant", "acme"));
  const auto binding = test.SecretData("acme-connection");
  const Programs& programs = Programs::Instance();
  const std::string logs = programs.OperatorLog() + programs.AgentLog();
  EXPECT_EQ(logs.find(binding.at("password")), std::string::npos);
  EXPECT_EQ(logs.find(programs.cluster().postgres.password.reveal()), std::string::npos);
  const Result<std::string> objects =
      test.Kubectl({"get", "tenants,datastores,fixturesets,events,configmaps", "-o", "json"});
  ASSERT_TRUE(objects);
  EXPECT_EQ(objects->find(binding.at("password")), std::string::npos);
}

}  // namespace
}  // namespace tenantry::testing
