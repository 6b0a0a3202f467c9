// Who may read /metrics, against a real API server.

#include "common/net/http_client.h"
#include "common/net/http_server.h"
#include "common/net/tls.h"
#include "common/telemetry/probes.h"
#include "operator/kube/access_reviewer.h"
#include "operator/kube/decode.h"
#include "tests/support/cluster.h"
#include "tests/system/kube/kube_test.h"

namespace tenantry::kube {
namespace {

constexpr std::chrono::seconds kPatience{60};
const Resource kServiceAccounts{"", "v1", "serviceaccounts", "ServiceAccount"};
const Resource kRoles{"rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole"};
const Resource kBindings{"rbac.authorization.k8s.io", "v1", "clusterrolebindings",
                         "ClusterRoleBinding"};

// /metrics over HTTPS, as the operator serves it with --metrics-secure.
class AccessSystemTest : public KubeTest {
 protected:
  void SetUp() override {
    KubeTest::SetUp();
    ASSERT_FALSE(HasFatalFailure());
    reviewer_.emplace(*client_, clock_);
    StartServer();
  }
  void TearDown() override {
    for (const Resource& resource : {kBindings, kRoles}) {
      static_cast<void>(client_->Delete(resource, {}, api::Name(ns_.value())));
    }
  }

  void StartServer() {
    server_ = net::HttpServer::Make(
                  {.bind_address = "127.0.0.1:0",
                   .tls = net::ServerTls{.identity = net::TlsIdentity::MakeSelfSigned(
                                                         {"localhost", "127.0.0.1"}, clock_)
                                                         .value(),
                                         .clients = net::ServerTls::Clients::kAny}})
                  .value();
    telemetry::AddMetrics(*server_, *metrics_,
                          {.authorize = [this](const net::ServerRequest& request) {
                            return reviewer_->Refuse(request);
                          }});
    ASSERT_TRUE(server_->Start());
    scraper_ =
        net::HttpClient::Make({.base_url = "https://127.0.0.1:" + std::to_string(server_->port()),
                               .tls = {.insecure_skip_verify = true}})
            .value();
  }

  // A token of a new ServiceAccount, by the TokenRequest API.
  std::string TokenOf(const std::string& account) {
    const Result<Json> created = client_->Create(
        kServiceAccounts, ns_,
        {{"apiVersion", "v1"}, {"kind", "ServiceAccount"}, {"metadata", {{"name", account}}}});
    EXPECT_TRUE(created) << created.error().message;
    const auto token = testing::Kubectl({"create", "token", account, "--namespace", ns_.value()});
    EXPECT_TRUE(token) << token.error().message;
    return token ? token->substr(0, token->find('\n')) : "";
  }

  // The rights that a Prometheus needs.
  void Allow(const std::string& account) {
    const Json metadata = {{"name", ns_.value()}};
    ASSERT_TRUE(client_->Create(
        kRoles, {},
        {{"apiVersion", kRoles.api_version()},
         {"kind", kRoles.kind},
         {"metadata", metadata},
         {"rules", Json::array({{{"nonResourceURLs", {"/metrics"}}, {"verbs", {"get"}}}})}}));
    ASSERT_TRUE(client_->Create(
        kBindings, {},
        {{"apiVersion", kBindings.api_version()},
         {"kind", kBindings.kind},
         {"metadata", metadata},
         {"roleRef", {{"apiGroup", kRoles.group}, {"kind", kRoles.kind}, {"name", ns_.value()}}},
         {"subjects",
          Json::array(
              {{{"kind", "ServiceAccount"}, {"name", account}, {"namespace", ns_.value()}}})}}));
  }

  int Scrape(const std::string& token) {
    net::HttpRequest request{.path = "/metrics"};
    if (!token.empty()) {
      request.headers.emplace_back("Authorization", "Bearer " + token);
    }
    const auto response = scraper_->Send(request);
    EXPECT_TRUE(response) << response.error().message;
    return response ? response->status : 0;
  }

  const SystemClock clock_{};
  std::optional<AccessReviewer> reviewer_;
  std::unique_ptr<net::HttpServer> server_;
  std::unique_ptr<net::HttpClient> scraper_;
};

TEST_F(AccessSystemTest, LetsInOnlyAccountsThatMayGetMetrics) {
  const std::string reader = TokenOf("reader");
  const std::string stranger = TokenOf("stranger");
  Allow("reader");

  // The API server's own view of the role follows a moment later.
  EXPECT_TRUE(testing::WaitUntil(
      kPatience, [&] { return Scrape(reader) == 200; }, std::chrono::milliseconds(500)));
  EXPECT_EQ(Scrape(stranger), 403);
  EXPECT_EQ(Scrape("wrong"), 401);
  EXPECT_EQ(Scrape(reader + "x"), 401);
  EXPECT_EQ(Scrape(""), 401);
}

TEST_F(AccessSystemTest, CannotTellWithoutTheRightToAsk) {
  Config config = config_;
  config.token = Secret(TokenOf("powerless"));
  config.token_file.clear();
  config.certificate_pem.clear();
  config.key_pem = Secret();
  const auto powerless = Client::Make(config, *metrics_).value();
  reviewer_.emplace(*powerless, clock_);

  EXPECT_EQ(Scrape("whatever"), 500);
}

}  // namespace
}  // namespace tenantry::kube
