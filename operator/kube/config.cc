#include "operator/kube/config.h"

#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>

#include "common/base/strings.h"
#include "operator/kube/files.h"
#include "operator/kube/kubeconfig.h"

namespace tenantry::kube {
namespace {

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

Result<void> AddFile(Kubeconfig& kubeconfig, const std::string& path) {
  const std::string text = TRY(ReadFile(path));
  return kubeconfig.Add(text, "kubeconfig " + path, std::filesystem::path(path).parent_path());
}

// $KUBECONFIG: several files, separated by ':'. A file that does not exist counts as empty, as long
// as one of them exists.
Result<Config> LoadPathList(const std::string& paths, const std::string& context) {
  Kubeconfig kubeconfig;
  bool any = false;
  for (const std::string_view path : Split(paths, ':')) {
    if (path.empty()) {
      continue;
    }
    const Result<void> added = AddFile(kubeconfig, std::string(path));
    if (!added && added.error().code != ErrorCode::kNotFound) {
      return added.error();
    }
    any = any || added.has_value();
  }
  if (!any) {
    return Error{ErrorCode::kInvalid, "KUBECONFIG names no file that exists: " + paths};
  }
  return kubeconfig.Resolve(context);
}

}  // namespace

Result<Config> ParseKubeconfig(const std::string& text, const std::string& folder,
                               const std::string& context) {
  Kubeconfig kubeconfig;
  TRY(kubeconfig.Add(text, "kubeconfig", folder));
  return kubeconfig.Resolve(context);
}

Result<Config> LoadKubeconfig(const std::string& path, const std::string& context) {
  Kubeconfig kubeconfig;
  const Result<void> added = AddFile(kubeconfig, path);
  if (!added) {
    return Error{ErrorCode::kInvalid, added.error().message};
  }
  return kubeconfig.Resolve(context);
}

Result<Config> LoadInClusterConfig(const std::string& root) {
  std::string host = Environment("KUBERNETES_SERVICE_HOST");
  const std::string port = Environment("KUBERNETES_SERVICE_PORT");
  if (host.empty() || port.empty()) {
    return Error{ErrorCode::kNotFound,
                 "not in a cluster: KUBERNETES_SERVICE_HOST and _PORT are not set"};
  }
  if (host.find(':') != std::string::npos) {
    host = "[" + host + "]";  // IPv6
  }
  Config config;
  config.server = "https://" + host + ":" + port;
  config.token_file = root + "/token";
  TRY(ReadFile(config.token_file));
  config.ca_pem = TRY(ReadFile(root + "/ca.crt"));
  const Result<std::string> ns = ReadFile(root + "/namespace");
  if (ns && !Trim(*ns).empty()) {
    config.default_namespace = Trim(*ns);
  }
  return config;
}

Result<Config> LoadConfig(const std::string& kubeconfig, const std::string& context) {
  if (!kubeconfig.empty()) {
    return LoadKubeconfig(kubeconfig, context);
  }
  const std::string paths = Environment("KUBECONFIG");
  if (!paths.empty()) {
    return LoadPathList(paths, context);
  }
  Result<Config> in_cluster = LoadInClusterConfig();
  if (in_cluster || in_cluster.error().code != ErrorCode::kNotFound) {
    return in_cluster;
  }
  const std::string home_file = Environment("HOME") + "/.kube/config";
  std::error_code ignored;
  if (!std::filesystem::exists(home_file, ignored)) {
    return Error{ErrorCode::kNotFound,
                 "no way to the Kubernetes API is known: not in a cluster, and there is no " +
                     home_file + ". Set --kubeconfig or KUBECONFIG."};
  }
  return LoadKubeconfig(home_file, context);
}

}  // namespace tenantry::kube
