#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>

#include "common/net/http_client.h"
#include "common/net/http_server.h"
#include "common/net/tls.h"
#include "tests/support/certificates.h"

// Our two programs' connection: TLS 1.3, both sides with a certificate of one authority whose URI
// names the role.
namespace tenantry::net {
namespace {

using testing::KeyPair;
using testing::LeafOptions;
using testing::MakeAuthority;
using testing::MakeLeaf;
using testing::TemporaryFolder;
using testing::WriteTlsFiles;

constexpr char kAgentUri[] = "spiffe://tenantry.dev/ns/platform/agent/main-0";
constexpr char kOperatorUri[] = "spiffe://tenantry.dev/ns/tenantry/operator/0";

class MutualTls : public ::testing::Test {
 protected:
  MutualTls() : authority_(MakeAuthority("one")) {}

  void StartServer(const KeyPair& leaf, const std::string& ca_pem) {
    server_files_ = WriteTlsFiles(folder_, "server", ca_pem, leaf);
    server_ = HttpServer::Make({.bind_address = "127.0.0.1:0",
                                .tls = ServerTls{.identity = Load(server_files_),
                                                 .peer = {"tenantry.dev", "operator"}}})
                  .value();
    const auto count = [this](const ServerRequest&) {
      ++handled_;
      return ServerResponse{.body = "done"};
    };
    server_->Handle("GET", "/", count);
    server_->Handle("POST", "/", count);
    ASSERT_TRUE(server_->Start());
  }
  void StartServer() { StartServer(MakeLeaf(authority_, {.uri = kAgentUri}), ca()); }

  std::unique_ptr<HttpClient> MakeClient(const KeyPair& leaf, const std::string& ca_pem) {
    client_files_ = WriteTlsFiles(folder_, "client", ca_pem, leaf);
    return HttpClient::Make(
               {.base_url = Url(),
                .tls = {.identity = Load(client_files_), .peer = {"tenantry.dev", "agent"}}})
        .value();
  }
  std::unique_ptr<HttpClient> MakeClient(const LeafOptions& leaf = {.uri = kOperatorUri}) {
    return MakeClient(MakeLeaf(authority_, leaf), ca());
  }

  static std::shared_ptr<TlsIdentity> Load(const TlsFiles& files) {
    return TlsIdentity::Load(files).value();
  }
  std::string Url() const { return "https://127.0.0.1:" + std::to_string(server_->port()); }
  const std::string& ca() const { return authority_.certificate_pem; }

  // Both methods are refused as the header says, and no handler has seen them.
  void ExpectRefused(HttpClient& client) {
    for (const char* method : {"GET", "POST"}) {
      const auto response = client.Send({.method = method, .path = "/"});
      ASSERT_FALSE(response);
      EXPECT_EQ(response.error().code, ErrorCode::kInvalid) << response.error().message;
      EXPECT_EQ(response.error().reason, "AgentUnauthorized");
    }
    EXPECT_EQ(handled_, 0);
  }

  TemporaryFolder folder_;
  KeyPair authority_;
  TlsFiles server_files_;
  TlsFiles client_files_;
  std::atomic<int> handled_{0};
  std::unique_ptr<HttpServer> server_;
};

TEST_F(MutualTls, AcceptsPeersOfTheRightRoles) {
  StartServer();

  const auto response = MakeClient()->Send({.method = "POST", .path = "/", .body = "{}"});

  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body, "done");
}

TEST_F(MutualTls, ServerRefusesClientOfAnotherRole) {
  StartServer();
  ExpectRefused(*MakeClient({.uri = kAgentUri}));
}

TEST_F(MutualTls, ServerRefusesClientOfAnotherTrustDomain) {
  StartServer();
  ExpectRefused(*MakeClient({.uri = "spiffe://evil.dev/ns/tenantry/operator/0"}));
}

TEST_F(MutualTls, ServerRefusesClientWithoutUri) {
  StartServer();
  ExpectRefused(*MakeClient({.dns = "localhost"}));
}

TEST_F(MutualTls, ServerRefusesExpiredClient) {
  StartServer();
  ExpectRefused(*MakeClient({.uri = kOperatorUri, .valid_until = std::chrono::seconds(-60)}));
}

TEST_F(MutualTls, ServerRefusesClientOfAnotherAuthority) {
  StartServer();
  const KeyPair other = MakeAuthority("two");
  ExpectRefused(*MakeClient(MakeLeaf(other, {.uri = kOperatorUri}), ca()));
}

TEST_F(MutualTls, ServerRefusesClientWithoutCertificate) {
  StartServer();
  const auto client =
      HttpClient::Make({.base_url = Url(), .tls = {.insecure_skip_verify = true}}).value();

  const auto response = client->Send({.path = "/"});

  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::kInvalid) << response.error().message;
  EXPECT_EQ(handled_, 0);
}

TEST_F(MutualTls, ClientRefusesServerOfAnotherRole) {
  StartServer(MakeLeaf(authority_, {.uri = kOperatorUri}), ca());
  ExpectRefused(*MakeClient());
}

TEST_F(MutualTls, ClientRefusesServerOfAnotherAuthority) {
  StartServer();
  const KeyPair other = MakeAuthority("two");
  ExpectRefused(*MakeClient(MakeLeaf(authority_, {.uri = kOperatorUri}), other.certificate_pem));
}

TEST_F(MutualTls, ClientRefusesExpiredServer) {
  StartServer(MakeLeaf(authority_, {.uri = kAgentUri, .valid_until = std::chrono::seconds(-60)}),
              ca());
  ExpectRefused(*MakeClient());
}

TEST_F(MutualTls, PlainClientGetsNoAnswer) {
  StartServer();
  const auto client =
      HttpClient::Make({.base_url = "http://127.0.0.1:" + std::to_string(server_->port())}).value();

  const auto response = client->Send({.path = "/"});

  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(handled_, 0);
}

// Files are looked at once a second: asks until the change has its effect.
bool BecomesTrue(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (std::chrono::steady_clock::now() < deadline) {
    if (condition()) {
      return true;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return false;
}

TEST_F(MutualTls, NewAuthorityAndLeavesNeedNoRestart) {
  StartServer();
  const auto client = MakeClient();
  ASSERT_TRUE(client->Send({.path = "/"}));
  const KeyPair next = MakeAuthority("two");

  // The client moves first: it is refused until the server has moved, too.
  WriteTlsFiles(folder_, "client", next.certificate_pem, MakeLeaf(next, {.uri = kOperatorUri}));
  EXPECT_TRUE(BecomesTrue([&] { return !client->Send({.path = "/"}); }));
  WriteTlsFiles(folder_, "server", next.certificate_pem, MakeLeaf(next, {.uri = kAgentUri}));
  EXPECT_TRUE(BecomesTrue([&] { return client->Send({.path = "/"}).has_value(); }));
}

TEST_F(MutualTls, BrokenFilesKeepOldCertificatesAndAreToldOnce) {
  StartServer();
  const auto client = MakeClient();
  const auto identity = Load(client_files_);
  std::vector<std::string> told;
  identity->OnReload([&told](const Result<void>& outcome) {
    told.push_back(outcome ? "ok" : outcome.error().message);
  });
  const auto before = identity->Current();

  folder_.Write("client.key", "garbage");
  EXPECT_TRUE(BecomesTrue([&] {
    static_cast<void>(identity->Current());
    return !told.empty();
  }));
  EXPECT_EQ(identity->Current(), before);
  EXPECT_TRUE(client->Send({.path = "/"}));

  WriteTlsFiles(folder_, "client", ca(), MakeLeaf(authority_, {.uri = kOperatorUri}));
  EXPECT_TRUE(BecomesTrue([&] { return identity->Current() != before; }));
  ASSERT_EQ(told.size(), 2U);
  EXPECT_NE(told[0].find("client.key"), std::string::npos) << told[0];
  EXPECT_EQ(told[1], "ok");
}

TEST_F(MutualTls, LoadNamesFileThatIsWrong) {
  const KeyPair leaf = MakeLeaf(authority_, {.uri = kAgentUri});
  const KeyPair other = MakeLeaf(authority_, {.uri = kAgentUri});
  const TlsFiles good = WriteTlsFiles(folder_, "good", ca(), leaf);
  const std::string garbage = folder_.Write("garbage", "not PEM");
  const std::string other_key = folder_.Write("other.key", other.key_pem);
  const std::string missing = folder_.path() + "/missing";

  for (const auto& [files, name] :
       {std::pair{TlsFiles{missing, good.certificate_file, good.key_file}, missing},
        std::pair{TlsFiles{garbage, good.certificate_file, good.key_file}, garbage},
        std::pair{TlsFiles{good.ca_file, garbage, good.key_file}, garbage},
        std::pair{TlsFiles{good.ca_file, good.certificate_file, garbage}, garbage},
        std::pair{TlsFiles{good.ca_file, good.certificate_file, other_key}, other_key}}) {
    const auto identity = TlsIdentity::Load(files);
    ASSERT_FALSE(identity);
    EXPECT_EQ(identity.error().code, ErrorCode::kInvalid);
    EXPECT_NE(identity.error().message.find(name), std::string::npos) << identity.error().message;
  }
}

// A server as kube-apiserver is one for a kubeconfig: verified by authority and name. Ours demands
// a client certificate with a role, which such a client may have, too.
class NamedTls : public MutualTls {
 protected:
  void StartNamedServer(const std::string& dns, const std::string& ip) {
    StartServer(MakeLeaf(authority_, {.uri = kAgentUri, .dns = dns, .ip = ip}), ca());
  }
  Result<HttpResponse> Ask(const std::string& server_name) {
    const KeyPair leaf = MakeLeaf(authority_, {.uri = kOperatorUri});
    const auto client = HttpClient::Make({.base_url = Url(),
                                          .tls = {.ca_pem = ca(),
                                                  .certificate_pem = leaf.certificate_pem,
                                                  .key_pem = leaf.key_pem,
                                                  .server_name = server_name}})
                            .value();
    return client->Send({.path = "/"});
  }
};

TEST_F(NamedTls, VerifiesAddressAndName) {
  StartNamedServer("kubernetes.default.svc", "127.0.0.1");

  EXPECT_TRUE(Ask(""));
  EXPECT_TRUE(Ask("kubernetes.default.svc"));
  const auto wrong = Ask("kubernetes.example");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, ErrorCode::kInvalid);
  EXPECT_NE(wrong.error().message.find("ostname"), std::string::npos) << wrong.error().message;
}

TEST_F(NamedTls, RefusesAddressThatCertificateLacks) {
  StartNamedServer("localhost", "127.0.0.2");

  const auto response = Ask("");

  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::kInvalid);
}

TEST_F(NamedTls, RefusesServerThatSystemRootsDoNotKnow) {
  StartNamedServer("localhost", "127.0.0.1");
  const auto client = HttpClient::Make({.base_url = Url()}).value();

  const auto response = client->Send({.path = "/"});

  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::kInvalid);
}

TEST_F(NamedTls, MakeRefusesPemThatIsNone) {
  const KeyPair leaf = MakeLeaf(authority_, {.uri = kOperatorUri});
  EXPECT_FALSE(HttpClient::Make({.base_url = "https://h", .tls = {.ca_pem = "x"}}));
  EXPECT_FALSE(HttpClient::Make(
      {.base_url = "https://h", .tls = {.certificate_pem = leaf.certificate_pem}}));
}

TEST(MatchesPeerRule, WantsTheWholeSpiffeId) {
  const PeerRule rule{"tenantry.dev", "agent"};
  EXPECT_TRUE(MatchesPeerRule("spiffe://tenantry.dev/ns/platform/agent/main-0", rule));
  for (const char* uri :
       {"", "spiffe://", "spiffe://tenantry.dev", "spiffe://tenantry.dev/ns/a/operator/b",
        "spiffe://tenantry.dev/ns/a/agent", "spiffe://tenantry.dev/ns/a/agent/",
        "spiffe://tenantry.dev/ns//agent/b", "spiffe://tenantry.dev/ns/a/agent/b/c",
        "spiffe://tenantry.dev.evil/ns/a/agent/b", "spiffe://evil/ns/a/agent/b",
        "https://tenantry.dev/ns/a/agent/b", "spiffe://tenantry.dev/xx/a/agent/b",
        "spiffe://tenantry.dev/ns/../agent/b", "spiffe://tenantry.dev/ns/a/agent/b%2Fc",
        "SPIFFE://tenantry.dev/ns/a/agent/b"}) {
    EXPECT_FALSE(MatchesPeerRule(uri, rule)) << uri;
  }
  EXPECT_FALSE(MatchesPeerRule("spiffe:///ns/a/agent/b", {"", "agent"}));
}

}  // namespace
}  // namespace tenantry::net
