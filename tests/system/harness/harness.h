#pragma once

#include <chrono>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "common/api/meta.h"
#include "tests/system/harness/programs.h"
#include "tests/system/harness/sessions.h"

// What tests ask of the operator and an agent that run against the local cluster.
namespace tenantry::testing {

using Json = nlohmann::json;

// A namespace of its own with a DataStore "main" in it that is about to become Ready. The end of a
// test judges every object in it by kstatus and Flux's rules, and removes it.
class TenantTest {
 public:
  explicit TenantTest(const std::string& name);
  ~TenantTest();

  const std::string& ns() const { return ns_; }
  // A tenant ID, object name or Redis prefix that no other test uses.
  std::string Unique(const std::string& stem) const { return stem + suffix_; }

  // kubectl apply of a manifest; its text with ${NS} replaced. Fails the test when refused.
  void Apply(const std::string& yaml) const;
  Result<std::string> TryApply(const std::string& yaml) const;
  Result<std::string> Kubectl(std::vector<std::string> arguments) const;
  void Annotate(const std::string& object, const std::string& annotation) const;
  void MakeSecret(const std::string& name, const std::map<std::string, std::string>& data) const;
  void MakeConfigMap(const std::string& name, const std::map<std::string, std::string>& data) const;
  // The object as JSON; null when there is none.
  Json Get(const std::string& kind, const std::string& name) const;
  std::map<std::string, std::string> SecretData(const std::string& name) const;

  struct ConditionView {
    std::string status;
    std::string reason;
    std::string message;
  };
  ConditionView Condition(const std::string& kind, const std::string& name,
                          const std::string& type) const;
  // Waits until Ready is True for the present generation; the failure shows the object.
  bool BecomesReady(const std::string& kind, const std::string& name,
                    std::chrono::seconds patience = std::chrono::seconds(60)) const;
  // Waits for Stalled or Ready=False with that reason; returns its message ("" when it never came).
  std::string BecomesUnready(const std::string& kind, const std::string& name,
                             const std::string& reason,
                             std::chrono::seconds patience = std::chrono::seconds(60)) const;
  bool Disappears(const std::string& kind, const std::string& name,
                  std::chrono::seconds patience = std::chrono::seconds(60)) const;
  std::vector<Json> Events(const std::string& kind, const std::string& name) const;

  // Every object of ours in this namespace has had its first pass.
  bool AllObserved() const;
  // Judges all objects of this namespace now: kstatus and Flux's condition rules.
  void Judge() const;

  // The tenant's own login of its binding Secret.
  SqlSession SqlAsTenant(const std::string& tenant) const;
  RedisSession RedisAsTenant(const std::string& tenant) const;
  // The same in a session for this one alone.
  Answer QueryAsTenant(const std::string& tenant, const std::string& sql) const {
    return SqlAsTenant(tenant).Run(sql);
  }
  Answer RedisAsTenant(const std::string& tenant, const std::vector<std::string>& command) const {
    return RedisAsTenant(tenant).Run(command);
  }
  // As the cluster's superuser-like admin role, in the store's database.
  static SqlSession SqlAsAdmin();
  static Answer QueryAsAdmin(const std::string& sql) { return SqlAsAdmin().Run(sql); }
  static Answer RedisAsAdmin(const std::vector<std::string>& command);

  // Manifests that tests change one thing of.
  std::string TenantYaml(const std::string& name, const std::string& isolation,
                         const std::string& more = "") const;
  std::string DataStoreYaml(const std::string& name) const;

 private:
  std::string ns_;
  std::string suffix_;
};

}  // namespace tenantry::testing
