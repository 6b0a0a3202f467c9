#include "operator/kube/paths.h"

#include <algorithm>

#include "common/net/http_client.h"

namespace tenantry::kube {
namespace {

Query SelectorQuery(const ListOptions& options) {
  Query query;
  if (!options.label_selector.empty()) {
    query.emplace_back("labelSelector", options.label_selector);
  }
  if (!options.field_selector.empty()) {
    query.emplace_back("fieldSelector", options.field_selector);
  }
  return query;
}

}  // namespace

std::string ResourcePath(const Resource& resource, const api::Namespace& ns, const api::Name& name,
                         const std::string& subresource) {
  std::string path = resource.group.empty() ? "/api/" : "/apis/" + resource.group + "/";
  path += resource.version;
  if (!ns.empty()) {
    path += "/namespaces/" + net::PercentEncode(ns.value());
  }
  path += "/" + resource.plural;
  if (!name.empty()) {
    path += "/" + net::PercentEncode(name.value());
  }
  return subresource.empty() ? path : path + "/" + subresource;
}

std::string WithQuery(const std::string& path, const Query& query) {
  std::string whole = path;
  char separator = '?';
  for (const auto& [name, value] : query) {
    whole += separator + name + "=" + net::PercentEncode(value);
    separator = '&';
  }
  return whole;
}

std::string ListPath(const Resource& resource, const ListOptions& options,
                     const std::string& continue_token) {
  Query query = SelectorQuery(options);
  if (options.freshness == ListOptions::Freshness::kCached) {
    query.emplace_back("resourceVersion", "0");
  } else {
    query.emplace_back("limit", std::to_string(options.page_size));
  }
  if (!continue_token.empty()) {
    query.emplace_back("continue", continue_token);
  }
  return WithQuery(ResourcePath(resource, options.ns), query);
}

std::string WatchPath(const Resource& resource, const WatchOptions& options,
                      std::chrono::seconds timeout) {
  Query query = SelectorQuery(options.list);
  query.emplace_back("watch", "true");
  query.emplace_back("allowWatchBookmarks", "true");
  query.emplace_back("timeoutSeconds", std::to_string(timeout.count()));
  if (options.send_initial_events) {
    query.emplace_back("sendInitialEvents", "true");
    query.emplace_back("resourceVersionMatch", "NotOlderThan");
  }
  if (!options.resource_version.empty()) {
    query.emplace_back("resourceVersion", options.resource_version);
  }
  return WithQuery(ResourcePath(resource, options.list.ns), query);
}

Result<ServerUrl> ParseServerUrl(const std::string& url) {
  const std::size_t scheme_end = url.find("://");
  const std::string scheme = url.substr(0, scheme_end);
  if (scheme_end == std::string::npos || (scheme != "https" && scheme != "http")) {
    return Error{ErrorCode::kInvalid, "the server is not given as https://host:port"};
  }
  const std::size_t host_start = scheme_end + 3;
  const std::size_t path_start = std::min(url.find('/', host_start), url.size());
  ServerUrl parsed{.base = url.substr(0, path_start),
                   .prefix = url.substr(path_start),
                   .host = url.substr(host_start, path_start - host_start)};
  if (parsed.host.empty() || parsed.host.find_first_of("@?# ") != std::string::npos) {
    return Error{ErrorCode::kInvalid, "the server's URL has no plain host name"};
  }
  while (parsed.prefix.ends_with('/')) {
    parsed.prefix.pop_back();
  }
  return parsed;
}

}  // namespace tenantry::kube
