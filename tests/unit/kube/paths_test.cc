#include "operator/kube/paths.h"

#include <gtest/gtest.h>

namespace tenantry::kube {
namespace {

TEST(ResourcePath, BuildsTheFourShapes) {
  const api::Namespace ns("platform");
  const api::Name name("acme");
  EXPECT_EQ(ResourcePath(kTenants, {}), "/apis/tenantry.dev/v1alpha1/tenants");
  EXPECT_EQ(ResourcePath(kSecrets, ns), "/api/v1/namespaces/platform/secrets");
  EXPECT_EQ(ResourcePath(kSecrets, ns, name), "/api/v1/namespaces/platform/secrets/acme");
  EXPECT_EQ(ResourcePath(kNamespaces, {}, name), "/api/v1/namespaces/acme");
  EXPECT_EQ(ResourcePath(kTenants, ns, name, "status"),
            "/apis/tenantry.dev/v1alpha1/namespaces/platform/tenants/acme/status");
}

TEST(ResourcePath, LeavesNoWayOutOfTheCollection) {
  EXPECT_EQ(ResourcePath(kSecrets, api::Namespace("a/b"), api::Name("../x?y")),
            "/api/v1/namespaces/a%2Fb/secrets/..%2Fx%3Fy");
}

TEST(ListPath, HoldsSelectorsAndTheContinueToken) {
  ListOptions options{.label_selector = "tenantry.dev/managed=true,a in (b)",
                      .field_selector = "metadata.name=x",
                      .page_size = 20};
  EXPECT_EQ(ListPath(kSecrets, options, "t+/="),
            "/api/v1/secrets?labelSelector=tenantry.dev%2Fmanaged%3Dtrue%2Ca%20in%20%28b%29"
            "&fieldSelector=metadata.name%3Dx&limit=20&continue=t%2B%2F%3D");
  EXPECT_EQ(ListPath(kSecrets, {}, ""), "/api/v1/secrets?limit=500");
}

TEST(WatchPath, ResumesByResourceVersion) {
  const WatchOptions options{.list = {.ns = api::Namespace("x")}, .resource_version = "42"};
  EXPECT_EQ(WatchPath(kPods, options, std::chrono::seconds(300)),
            "/api/v1/namespaces/x/pods?watch=true&allowWatchBookmarks=true&timeoutSeconds=300"
            "&resourceVersion=42");
}

TEST(WatchPath, AsksForTheInitialEvents) {
  const WatchOptions options{.send_initial_events = true};
  EXPECT_EQ(WatchPath(kPods, options, std::chrono::seconds(1)),
            "/api/v1/pods?watch=true&allowWatchBookmarks=true&timeoutSeconds=1"
            "&sendInitialEvents=true&resourceVersionMatch=NotOlderThan");
}

TEST(ParseServerUrl, SplitsOffAPathPrefix) {
  const auto parsed = ParseServerUrl("https://rancher:6443/k8s/clusters/c-1/");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->base, "https://rancher:6443");
  EXPECT_EQ(parsed->prefix, "/k8s/clusters/c-1");
  EXPECT_EQ(parsed->host, "rancher:6443");
  EXPECT_EQ(ParseServerUrl("http://[::1]:80")->host, "[::1]:80");
}

TEST(ParseServerUrl, RefusesWhatIsNoServer) {
  for (const char* url : {"", "host:6443", "ftp://host", "https://", "https:///x",
                          "https://user:word@host", "https://host?x"}) {
    EXPECT_FALSE(ParseServerUrl(url)) << url;
  }
}

}  // namespace
}  // namespace tenantry::kube
