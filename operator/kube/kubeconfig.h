#pragma once

#include <yaml-cpp/yaml.h>

#include <map>
#include <string>

#include "common/base/result.h"
#include "operator/kube/config.h"

namespace tenantry::kube {

// The entries of one or more kubeconfig files. Where two files name the same entry, the file that
// was added first wins, as kubectl has it.
class Kubeconfig {
 public:
  // `file` names the document in messages; relative file names in it are below `folder`. kInvalid:
  // not YAML, or not of a kubeconfig's shape.
  Result<void> Add(const std::string& text, const std::string& file, const std::string& folder);

  // What `context` (empty: the current one) says.
  Result<Config> Resolve(const std::string& context) const;

 private:
  struct Entry {
    YAML::Node fields;
    std::string where;  // `kubeconfig /home/a/.kube/config: cluster "dev"`
    std::string folder;
  };
  using Entries = std::map<std::string, Entry>;

  Result<void> AddDocument(const YAML::Node& document, const std::string& file,
                           const std::string& folder);
  Result<Entries> ReadEntries(const YAML::Node& document, const std::string& kind,
                              const std::string& file, const std::string& folder) const;
  Result<Config> ResolveContext(const std::string& name) const;
  static Result<std::string> Text(const Entry& entry, const char* key);
  static Result<std::string> Material(const Entry& entry, const char* inline_key,
                                      const char* file_key);
  static Result<Config> WithCluster(Config config, const Entry& cluster);
  static Result<Config> WithUser(Config config, const Entry& user);
  static Result<const Entry*> Find(const Entries& entries, const char* kind,
                                   const std::string& name, const std::string& where);

  std::string files_;  // "kubeconfig a, b"
  std::string current_context_;
  Entries clusters_;
  Entries users_;
  Entries contexts_;
};

}  // namespace tenantry::kube
