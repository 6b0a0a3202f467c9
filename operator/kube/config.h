#pragma once

#include <chrono>
#include <string>

#include "common/base/result.h"
#include "common/base/secret.h"

namespace tenantry::kube {

// How to reach and authenticate to one API server.
struct Config {
  std::string server;       // https://host:port
  std::string ca_pem;       // empty: the system's roots
  std::string server_name;  // tls-server-name
  bool insecure_skip_verify = false;
  std::string certificate_pem;  // client certificate
  Secret key_pem;
  Secret token;
  std::string token_file;  // re-read when it changes (projected tokens rotate); wins over token
  std::string default_namespace = "default";
  std::chrono::milliseconds call_timeout{30'000};  // deadline of every call, its retries included
};

// Reads a kubeconfig file. `context` empty: its current-context. Relative file names in it are
// relative to its folder. kInvalid names the file and the entry that is missing or wrong. exec and
// auth-provider plugins are refused by name.
Result<Config> LoadKubeconfig(const std::string& path, const std::string& context);
// The same from text, with files below `folder`: for tests and fuzzing.
Result<Config> ParseKubeconfig(const std::string& text, const std::string& folder,
                               const std::string& context);

// The service account that Kubernetes mounts into a Pod. kNotFound outside a cluster.
// `root` is /var/run/secrets/kubernetes.io/serviceaccount but for tests.
Result<Config> LoadInClusterConfig(
    const std::string& root = "/var/run/secrets/kubernetes.io/serviceaccount");

// What a user expects: `kubeconfig` when given, else $KUBECONFIG, else in-cluster, else
// ~/.kube/config.
Result<Config> LoadConfig(const std::string& kubeconfig, const std::string& context);

}  // namespace tenantry::kube
