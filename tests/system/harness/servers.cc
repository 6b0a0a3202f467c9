#include "tests/system/harness/servers.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/support/cluster.h"
#include "tests/system/harness/harness.h"

namespace tenantry::testing {
namespace {

constexpr char kScript[] = "hack/local_cluster.sh";  // tests run in the repository's folder

void RunScript(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), kScript);
  const Result<CommandResult> ended = RunCommand({.arguments = std::move(arguments)});
  ASSERT_TRUE(ended) << ended.error().message;
  ASSERT_EQ(ended->exit_code, 0) << ended->errors;
}

bool Answers(const std::string& name) {
  if (name == "postgres") {
    return TenantTest::QueryAsAdmin("SELECT 1").ok();
  }
  return Kubectl({"get", "--raw", "/readyz"}).has_value();
}

}  // namespace

void StopServer(const std::string& name, const std::string& signal) {
  RunScript({"stop", name, signal});
}

void StartServer(const std::string& name) {
  RunScript({"start", name});
  EXPECT_TRUE(WaitUntil(std::chrono::seconds(120), [&] { return Answers(name); })) << name;
}

}  // namespace tenantry::testing
