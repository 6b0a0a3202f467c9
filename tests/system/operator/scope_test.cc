// An operator that works on a part of the cluster only, and shows its metrics to those only who may
// read them.

#include <gtest/gtest.h>

#include "common/net/http_client.h"
#include "tests/system/harness/harness.h"

namespace tenantry::testing {
namespace {

using std::chrono::seconds;

// Takes the place of the tests' operator, with more flags.
class Deputy {
 public:
  Deputy(const TenantTest& test, std::vector<std::string> flags) {
    Programs& programs = Programs::Instance();
    programs.KillOperator();
    const ClusterEnvironment& cluster = programs.cluster();
    const std::vector<std::string> common = {
        "--kubeconfig=" + cluster.operator_kubeconfig,
        "--leader-elect=false",
        "--health-probe-bind-address=127.0.0.1:0",
        "--agent-ca-file=" + (cluster.pki / "ca.crt").string(),
        "--agent-cert-file=" + (cluster.pki / "operator.crt").string(),
        "--agent-key-file=" + (cluster.pki / "operator.key").string()};
    flags.insert(flags.begin(), common.begin(), common.end());
    flags.insert(flags.begin(), ProgramPath("tenantry-operator"));
    auto started = ChildProcess::Start(
        {.arguments = flags, .log_file = cluster.directory / (test.ns() + "-deputy.log")});
    EXPECT_TRUE(started) << started.error().message;
    process_ = std::move(started).value();
  }
  ~Deputy() {
    EXPECT_EQ(process_->Stop().value(), 0) << process_->Log();
    Programs::Instance().StartOperator();
  }

 private:
  std::unique_ptr<ChildProcess> process_;
};

bool WasSeen(const TenantTest& test, const std::string& name) {
  return test.Get("tenant", name)["status"].value("observedGeneration", -1) >= 0;
}

TEST(Scope, IsTheNamespacesAndLabelsOfItsFlags) {
  const TenantTest inside("inside");
  const TenantTest outside("outside");
  ASSERT_TRUE(inside.BecomesReady("datastore", "main"));
  ASSERT_TRUE(outside.BecomesReady("datastore", "main"));
  {
    const Deputy deputy(inside, {"--metrics-bind-address=127.0.0.1:0",
                                 "--watch-namespaces=" + inside.ns() + ", no-such-namespace",
                                 "--watch-label-selector=shard=a", "--no-cross-namespace-refs",
                                 "--resync-period=1s", "--kube-api-qps=50", "--kube-api-burst=10",
                                 "--feature-gates=StreamingLists=false"});
    for (const TenantTest* test : {&inside, &outside}) {
      ASSERT_TRUE(test->Kubectl({"label", "datastore", "main", "shard=a"}));
      for (const char* name : {"acme", "unlabelled"}) {
        test->Apply(test->TenantYaml(name, "Schema"));
      }
      ASSERT_TRUE(test->Kubectl({"label", "tenant", "acme", "shard=a"}));
    }
    inside.Apply(
        "apiVersion: tenantry.dev/v1alpha1\nkind: Tenant\nmetadata: {name: stranger, "
        "labels: {shard: a}}\nspec:\n  dataStoreRef: {name: main, namespace: " +
        outside.ns() + "}\n");

    EXPECT_TRUE(inside.BecomesReady("tenant", "acme"));
    const std::string message = inside.BecomesUnready("tenant", "stranger", "InvalidSpec");
    EXPECT_NE(message.find("--no-cross-namespace-refs"), std::string::npos) << message;
    EXPECT_FALSE(WasSeen(inside, "unlabelled"));
    EXPECT_FALSE(WasSeen(outside, "acme"));
    EXPECT_FALSE(WasSeen(outside, "unlabelled"));
  }
  EXPECT_TRUE(inside.BecomesReady("tenant", "unlabelled"));
  EXPECT_TRUE(outside.BecomesReady("tenant", "acme"));
}

// What a scraper gets with that token: the status, and the body.
net::HttpResponse Scrape(int port, const std::string& token) {
  const auto scraper =
      net::HttpClient::Make({.base_url = "https://127.0.0.1:" + std::to_string(port),
                             .tls = {.insecure_skip_verify = true}});
  net::HttpRequest request{.path = "/metrics", .timeout = seconds(5)};
  if (!token.empty()) {
    request.headers.emplace_back("Authorization", "Bearer " + token);
  }
  auto answer = (*scraper)->Send(request);
  return answer ? *std::move(answer) : net::HttpResponse{};
}

TEST(Metrics, AreForThoseOnlyWhoMayReadThem) {
  const TenantTest test("scrape");
  const int port = FreePort().value();
  const Deputy deputy(
      test, {"--metrics-secure", "--metrics-bind-address=127.0.0.1:" + std::to_string(port)});
  ASSERT_TRUE(WaitUntil(seconds(30), [&] { return Scrape(port, "").status == 401; }));
  ASSERT_TRUE(test.Kubectl({"create", "serviceaccount", "scraper"}));
  std::string token = test.Kubectl({"create", "token", "scraper"}).value();
  token.erase(token.find_last_not_of('\n') + 1);
  EXPECT_EQ(Scrape(port, token).status, 403);
  EXPECT_EQ(Scrape(port, "made-up").status, 401);

  test.Apply(
      "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: " + test.ns() +
      "}\nrules: [{nonResourceURLs: [/metrics], verbs: [get]}]\n---\n"
      "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: " +
      test.ns() +
      "}\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, "
      "name: " +
      test.ns() + "}\nsubjects: [{kind: ServiceAccount, name: scraper, namespace: " + test.ns() +
      "}]\n");
  ASSERT_TRUE(WaitUntil(seconds(30), [&] { return Scrape(port, token).status == 200; }));
  EXPECT_NE(Scrape(port, token).body.find("workqueue_unfinished_work_seconds"), std::string::npos);
  ASSERT_TRUE(test.Kubectl({"delete", "clusterrole,clusterrolebinding", test.ns()}));
}

}  // namespace
}  // namespace tenantry::testing
