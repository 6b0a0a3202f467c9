#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#include "common/telemetry/metrics.h"
#include "operator/kube/client.h"
#include "operator/kube/config.h"

namespace tenantry::kube {

// A client of the API server that KUBECONFIG names, and a namespace of this process' own in it.
class KubeTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NE(std::getenv("KUBECONFIG"), nullptr)
        << "KUBECONFIG is not set: run this test by hack/run_tests.sh, which starts a control "
           "plane";
    Result<Config> config = LoadConfig("", "");
    ASSERT_TRUE(config) << config.error().message;
    config_ = std::move(config).value();
    Result<std::unique_ptr<Client>> client = Client::Make(config_, *metrics_);
    ASSERT_TRUE(client) << client.error().message;
    client_ = std::move(client).value();
    const Result<Json> created = client_->Create(
        kNamespaces, {},
        {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", ns_.value()}}}});
    ASSERT_TRUE(created || created.error().reason == "AlreadyExists") << created.error().message;
  }

  static Json ConfigMap(const std::string& name, const std::string& value) {
    return {{"apiVersion", "v1"},
            {"kind", "ConfigMap"},
            {"metadata", {{"name", name}}},
            {"data", {{"key", value}}}};
  }
  // Makes the ConfigMap and returns it as the server has it.
  Json MakeConfigMap(const std::string& name, const std::string& value = "1") {
    const Result<Json> created = client_->Create(kConfigMaps, ns_, ConfigMap(name, value));
    EXPECT_TRUE(created) << created.error().message;
    return created ? *created : Json();
  }

  const api::Namespace ns_{"kube-client-" + std::to_string(::getpid())};
  std::unique_ptr<telemetry::Registry> metrics_ = telemetry::Registry::Make();
  Config config_;
  std::unique_ptr<Client> client_;
};

}  // namespace tenantry::kube
