#include "operator/agents/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <thread>
#include <vector>

#include "common/api/reasons.h"
#include "common/telemetry/metrics.h"
#include "tests/support/certificates.h"
#include "tests/unit/agents/scripted_agent.h"

namespace tenantry::agents {
namespace {

using api::TaskState;
using ::testing::HasSubstr;

constexpr char kAgentUri[] = "spiffe://tenantry.dev/ns/default/agent/main-0";
constexpr char kOperatorUri[] = "spiffe://tenantry.dev/ns/default/operator/tenantry-operator";

class ClientTest : public ::testing::Test {
 protected:
  std::shared_ptr<net::TlsIdentity> Identity(const testing::KeyPair& authority,
                                             const std::string& uri) {
    const std::string prefix = "side-" + std::to_string(++identities_);
    const auto leaf = testing::MakeLeaf(authority, {.uri = uri, .dns = "", .ip = "127.0.0.1"});
    auto identity = net::TlsIdentity::Load(
        testing::WriteTlsFiles(folder_, prefix, authority.certificate_pem, leaf));
    EXPECT_TRUE(identity) << identity.error().message;
    return std::move(identity).value();
  }
  net::ServerTls AgentTls(const std::string& uri = kAgentUri) {
    return {.identity = Identity(authority_, uri),
            .peer = {.trust_domain = "tenantry.dev", .role = "operator"}};
  }
  std::unique_ptr<Client> MakeClient(std::shared_ptr<net::TlsIdentity> identity) {
    return Client::Make({.identity = std::move(identity),
                         .peer = {.trust_domain = "tenantry.dev", .role = "agent"}},
                        *metrics_,
                        [this](const api::TaskReport& report) { changes_.Note(report); });
  }
  std::unique_ptr<Client> MakeClient() { return MakeClient(Identity(authority_, kOperatorUri)); }

  static AgentAddress AddressOf(const ScriptedAgent& agent) {
    return {.name = "main-0", .url = agent.url()};
  }
  static api::TaskRequest Request(const std::string& id) {
    return {.id = id, .tenant = api::TenantId("acme"), .spec_json = "{}", .deadline = std::nullopt};
  }

  testing::TemporaryFolder folder_;
  testing::KeyPair authority_ = testing::MakeAuthority("tenantry-ca");
  int identities_ = 0;
  Changes changes_;
  std::unique_ptr<telemetry::Registry> metrics_ = telemetry::Registry::Make();
};

TEST_F(ClientTest, WorksWithAnAgentFromSubmitToForget) {
  ScriptedAgent agent(AgentTls());
  agent.Start();
  const auto client = MakeClient();
  EXPECT_EQ(client->Info(AddressOf(agent)).value().name, "main-0");

  const auto report = client->Submit(AddressOf(agent), Request("a"));
  ASSERT_TRUE(report) << report.error().message;
  agent.Tell(Report("a", TaskState::kSucceeded));

  EXPECT_TRUE(changes_.WaitFor("a", TaskState::kSucceeded));
  EXPECT_EQ(client->Get(AddressOf(agent), "a").value().state, TaskState::kSucceeded);
  EXPECT_TRUE(client->Forget(AddressOf(agent), "a"));
  EXPECT_FALSE(agent.StateOf("a"));
}

TEST_F(ClientTest, ListensToManyAgentsAtOnce) {
  std::vector<std::unique_ptr<ScriptedAgent>> agents;
  const auto client = MakeClient();
  for (const char* id : {"a", "b", "c"}) {
    agents.push_back(std::make_unique<ScriptedAgent>(AgentTls()));
    agents.back()->Start();
    const auto report = client->Submit(AddressOf(*agents.back()), Request(id));
    ASSERT_TRUE(report) << report.error().message;
  }

  agents[0]->Tell(Report("a", TaskState::kSucceeded));
  agents[1]->Tell(Report("b", TaskState::kFailed));
  agents[2]->Tell(Report("c", TaskState::kCancelled));

  EXPECT_TRUE(changes_.WaitFor("a", TaskState::kSucceeded));
  EXPECT_TRUE(changes_.WaitFor("b", TaskState::kFailed));
  EXPECT_TRUE(changes_.WaitFor("c", TaskState::kCancelled));
}

TEST_F(ClientTest, MayBeCalledFromManyThreads) {
  ScriptedAgent agent(AgentTls());
  agent.Start();
  const auto client = MakeClient();
  constexpr int kThreads = 4;
  constexpr int kTasksOfEach = 10;

  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&, i] {
        for (int n = 0; n < kTasksOfEach; ++n) {
          const std::string id = std::to_string(i) + "-" + std::to_string(n);
          EXPECT_TRUE(client->Submit(AddressOf(agent), Request(id)));
          agent.Tell(Report(id, TaskState::kSucceeded));
        }
      });
    }
  }

  for (int i = 0; i < kThreads * kTasksOfEach; ++i) {
    const std::string id =
        std::to_string(i / kTasksOfEach) + "-" + std::to_string(i % kTasksOfEach);
    EXPECT_TRUE(changes_.WaitFor(id, TaskState::kSucceeded)) << id;
  }
}

TEST_F(ClientTest, RefusesAnAgentOfAnotherAuthority) {
  ScriptedAgent agent(AgentTls());
  agent.Start();
  const auto stranger = testing::MakeAuthority("another-ca");
  const auto client = MakeClient(Identity(stranger, kOperatorUri));

  const auto report = client->Submit(AddressOf(agent), Request("a"));

  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ErrorCode::kInvalid);
  EXPECT_EQ(report.error().reason, api::reason::kAgentUnauthorized);
  EXPECT_THAT(report.error().message, HasSubstr(agent.url()));
}

TEST_F(ClientTest, RefusesAPeerThatIsNoAgent) {
  ScriptedAgent agent(AgentTls("spiffe://tenantry.dev/ns/default/operator/other"));
  agent.Start();
  const auto client = MakeClient();

  const auto info = client->Info(AddressOf(agent));

  ASSERT_FALSE(info);
  EXPECT_EQ(info.error().reason, api::reason::kAgentUnauthorized);
}

TEST_F(ClientTest, IsUnauthorizedWhenTheAgentRefusesItsCertificate) {
  ScriptedAgent agent(AgentTls());
  agent.Start();
  const auto client =
      MakeClient(Identity(authority_, "spiffe://tenantry.dev/ns/default/agent/impostor"));

  const auto report = client->Submit(AddressOf(agent), Request("a"));

  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ErrorCode::kInvalid);
  EXPECT_EQ(report.error().reason, api::reason::kAgentUnauthorized);
}

TEST_F(ClientTest, RefusesAddressesThatAreNotHttps) {
  const auto client = MakeClient();
  for (const char* url :
       {"http://127.0.0.1:8443", "", "127.0.0.1:8443", "https://", "https://a b"}) {
    SCOPED_TRACE(url);
    const auto info = client->Info({.name = "main-0", .url = url});
    ASSERT_FALSE(info);
    EXPECT_EQ(info.error().code, ErrorCode::kInvalid);
    EXPECT_EQ(info.error().reason, api::reason::kInvalidSpec);
    EXPECT_THAT(info.error().message, HasSubstr("main-0"));
  }
}

TEST_F(ClientTest, EndsItsStreamsWithIt) {
  ScriptedAgent agent(AgentTls());
  agent.Start();
  auto client = MakeClient();
  ASSERT_TRUE(client->Submit(AddressOf(agent), Request("a")));
  ASSERT_TRUE(Eventually([&] { return agent.open_streams() == 1; }));

  client.reset();

  EXPECT_TRUE(Eventually([&] { return agent.open_streams() == 0; }));
}

}  // namespace
}  // namespace tenantry::agents
