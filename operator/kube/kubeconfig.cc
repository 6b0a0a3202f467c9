#include "operator/kube/kubeconfig.h"

#include <filesystem>
#include <optional>
#include <utility>
#include <vector>

#include "common/base/base64.h"
#include "common/base/strings.h"
#include "operator/kube/files.h"
#include "operator/kube/paths.h"

namespace tenantry::kube {
namespace {

Error Invalid(std::string message) { return {ErrorCode::kInvalid, std::move(message)}; }

std::string Quoted(std::string_view text) { return "\"" + Shorten(text, 253) + "\""; }

bool IsAbsent(const YAML::Node& node) { return !node.IsDefined() || node.IsNull(); }

// yaml-cpp parses recursively to a depth of its own; a kubeconfig is smaller than this in any case.
constexpr std::size_t kMaxBytes = std::size_t{4} << 20;

// Ways to authenticate or connect that are not served, and what a user can do about them.
struct Refused {
  const char* key;
  const char* why;
};
constexpr Refused kRefusedOfUser[] = {
    {"exec", "exec plugins are not supported; use a token, a tokenFile or a client certificate"},
    {"auth-provider",
     "auth-provider plugins are not supported; use a token, a tokenFile or a client certificate"},
    {"username", "username and password are not supported; use a token or a client certificate"},
    {"as", "impersonation (as) is not supported; use credentials of that user"},
};
constexpr Refused kRefusedOfCluster[] = {{"proxy-url", "proxy-url is not supported"}};

Result<void> Refuse(const YAML::Node& fields, const std::string& where,
                    const Refused* refused_begin, const Refused* refused_end) {
  for (const Refused* refused = refused_begin; refused != refused_end; ++refused) {
    if (!IsAbsent(fields[refused->key])) {
      return Invalid(where + ": " + refused->why);
    }
  }
  return {};
}

}  // namespace

Result<void> Kubeconfig::Add(const std::string& text, const std::string& file,
                             const std::string& folder) {
  if (text.size() > kMaxBytes) {
    return Invalid(file + " is larger than 4 MiB");
  }
  try {
    return AddDocument(YAML::Load(text), file, folder);
  } catch (const YAML::Exception& exception) {
    return Invalid(file + " is not a kubeconfig: " + Shorten(exception.what(), 256));
  }
}

Result<void> Kubeconfig::AddDocument(const YAML::Node& document, const std::string& file,
                                     const std::string& folder) {
  files_ += (files_.empty() ? "" : ", ") + file;
  if (IsAbsent(document)) {
    return {};  // an empty file is what `kubectl config` begins with
  }
  if (!document.IsMap()) {
    return Invalid(file + " is not a kubeconfig: it is not a map");
  }
  clusters_.merge(TRY(ReadEntries(document, "cluster", file, folder)));
  users_.merge(TRY(ReadEntries(document, "user", file, folder)));
  contexts_.merge(TRY(ReadEntries(document, "context", file, folder)));
  const YAML::Node current = document["current-context"];
  if (current_context_.empty() && current.IsDefined() && current.IsScalar()) {
    current_context_ = current.Scalar();
  }
  return {};
}

// The list "clusters", each element {name, cluster: {…}}; the same for users and contexts.
Result<Kubeconfig::Entries> Kubeconfig::ReadEntries(const YAML::Node& document,
                                                    const std::string& kind,
                                                    const std::string& file,
                                                    const std::string& folder) const {
  Entries entries;
  const YAML::Node list = document[kind + "s"];
  if (IsAbsent(list)) {
    return entries;
  }
  if (!list.IsSequence()) {
    return Invalid(file + ": " + kind + "s is not a list");
  }
  const std::string prefix = file + ": " + kind;
  const std::string not_a_map = ": " + kind + " is not a map";
  for (const YAML::Node& element : list) {
    if (!element.IsMap() || !element["name"] || !element["name"].IsScalar()) {
      return Invalid(prefix + "s: an element has no name");
    }
    const std::string name = element["name"].Scalar();
    const std::string where = prefix + " " + Quoted(name);
    YAML::Node fields = element[kind];
    if (IsAbsent(fields)) {
      fields = YAML::Node(YAML::NodeType::Map);
    }
    if (!fields.IsMap()) {
      return Invalid(where + not_a_map);
    }
    entries.try_emplace(name, Entry{fields, where, folder});
  }
  return entries;
}

Result<Config> Kubeconfig::Resolve(const std::string& context) const {
  const std::string& name = context.empty() ? current_context_ : context;
  if (name.empty()) {
    return Invalid(files_ + " has no current-context: name a context");
  }
  try {
    return ResolveContext(name);
  } catch (const YAML::Exception& exception) {
    return Invalid(files_ + " is not a kubeconfig: " + Shorten(exception.what(), 256));
  }
}

Result<Config> Kubeconfig::ResolveContext(const std::string& name) const {
  const Entry* found = TRY(Find(contexts_, "context", name, files_));
  const Entry& context = *found;
  const std::string cluster_name = TRY(Text(context, "cluster"));
  const std::string user_name = TRY(Text(context, "user"));
  const std::string default_namespace = TRY(Text(context, "namespace"));
  Config config;
  if (!default_namespace.empty()) {
    config.default_namespace = default_namespace;
  }
  const Entry* cluster = TRY(Find(clusters_, "cluster", cluster_name, context.where));
  config = TRY(WithCluster(std::move(config), *cluster));
  if (user_name.empty()) {
    return config;
  }
  const Entry* user = TRY(Find(users_, "user", user_name, context.where));
  return WithUser(std::move(config), *user);
}

Result<const Kubeconfig::Entry*> Kubeconfig::Find(const Entries& entries, const char* kind,
                                                  const std::string& name,
                                                  const std::string& where) {
  const auto found = entries.find(name);
  if (found != entries.end()) {
    return &found->second;
  }
  std::vector<std::string> known;
  for (const auto& [known_name, entry] : entries) {
    known.push_back(Quoted(known_name));
  }
  return Invalid(where + ": there is no " + kind + " " + Quoted(name) +
                 (known.empty() ? "" : "; there is " + Shorten(Join(known, ", "), 512)));
}

Result<Config> Kubeconfig::WithCluster(Config config, const Entry& cluster) {
  TRY(Refuse(cluster.fields, cluster.where, std::begin(kRefusedOfCluster),
             std::end(kRefusedOfCluster)));
  config.server = TRY(Text(cluster, "server"));
  const Result<ServerUrl> url = ParseServerUrl(config.server);
  if (!url) {
    return Invalid(cluster.where + ": server: " + url.error().message);
  }
  config.server_name = TRY(Text(cluster, "tls-server-name"));
  config.ca_pem = TRY(Material(cluster, "certificate-authority-data", "certificate-authority"));
  const YAML::Node insecure = cluster.fields["insecure-skip-tls-verify"];
  if (!IsAbsent(insecure) && !YAML::convert<bool>::decode(insecure, config.insecure_skip_verify)) {
    return Invalid(cluster.where + ": insecure-skip-tls-verify is neither true nor false");
  }
  if (config.insecure_skip_verify && !config.ca_pem.empty()) {
    return Invalid(cluster.where +
                   ": insecure-skip-tls-verify and a certificate authority exclude each other");
  }
  return config;
}

Result<Config> Kubeconfig::WithUser(Config config, const Entry& user) {
  TRY(Refuse(user.fields, user.where, std::begin(kRefusedOfUser), std::end(kRefusedOfUser)));
  config.token = Secret(TRY(Text(user, "token")));
  const std::string token_file = TRY(Text(user, "tokenFile"));
  if (!token_file.empty()) {
    config.token_file = std::filesystem::path(user.folder) / token_file;
  }
  config.certificate_pem = TRY(Material(user, "client-certificate-data", "client-certificate"));
  config.key_pem = Secret(TRY(Material(user, "client-key-data", "client-key")));
  if (config.certificate_pem.empty() != config.key_pem.empty()) {
    const char* missing = config.key_pem.empty() ? "client-key" : "client-certificate";
    return Invalid(user.where + ": " + missing + " is missing");
  }
  return config;
}

Result<std::string> Kubeconfig::Text(const Entry& entry, const char* key) {
  const YAML::Node node = entry.fields[key];
  if (IsAbsent(node)) {
    return std::string();
  }
  if (!node.IsScalar()) {
    return Invalid(entry.where + ": " + key + " is not a string");
  }
  return node.Scalar();
}

// Base64 in place, or the name of a file; in place wins, as in kubectl.
Result<std::string> Kubeconfig::Material(const Entry& entry, const char* inline_key,
                                         const char* file_key) {
  const std::string encoded = TRY(Text(entry, inline_key));
  if (!encoded.empty()) {
    std::optional<std::string> decoded = DecodeBase64(encoded);
    if (!decoded) {
      return Invalid(entry.where + ": " + inline_key + " is not base64");
    }
    return *std::move(decoded);
  }
  const std::string file = TRY(Text(entry, file_key));
  if (file.empty()) {
    return std::string();
  }
  Result<std::string> content = ReadFile(std::filesystem::path(entry.folder) / file);
  if (!content) {
    return Invalid(entry.where + ": " + file_key + ": " + content.error().message);
  }
  return content;
}

}  // namespace tenantry::kube
