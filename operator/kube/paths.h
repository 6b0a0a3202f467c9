#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "operator/kube/client.h"

// Paths and queries of requests; ResourcePath is in client.h. Pure.
namespace tenantry::kube {

using Query = std::vector<std::pair<std::string, std::string>>;

// path?name=value&…, values percent-encoded.
std::string WithQuery(const std::string& path, const Query& query);

// One page of a list. `continue_token` is the one of the page before; empty: the first.
std::string ListPath(const Resource& resource, const ListOptions& options,
                     const std::string& continue_token);

// The server ends the watch after `timeout`.
std::string WatchPath(const Resource& resource, const WatchOptions& options,
                      std::chrono::seconds timeout);

// "https://host:6443/k8s/clusters/c-1" → base "https://host:6443" and prefix "/k8s/clusters/c-1".
// kInvalid: not an http(s) URL.
struct ServerUrl {
  std::string base;
  std::string prefix;
  std::string host;  // "host:6443"
};
Result<ServerUrl> ParseServerUrl(const std::string& url);

}  // namespace tenantry::kube
