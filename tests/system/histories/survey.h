#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/system/harness/harness.h"
#include "tests/system/histories/model.h"

// Compares everything that there is with what the model demands.
namespace tenantry::testing {

// What is in PostgreSQL, Redis and the namespace, a line for each: "role tenant_x_app".
using Facts = std::set<std::string>;

// All objects of a kind in the test's namespace, by name.
std::map<std::string, Json> ObjectsOf(const TenantTest& test, const kube::Resource& resource);

std::string ReadText(const std::filesystem::path& file);

class Survey {
 public:
  Survey(const TenantTest& test, const Model& model) : test_(test), model_(model) {}

  // What is not as it should be, in words; empty: nothing.
  std::vector<std::string> StatusesThatDiffer() const;
  std::vector<std::string> FactsThatDiffer() const;
  std::vector<std::string> DataThatDiffers() const;
  // Tasks that run and locks that are held: at any moment there may be a check's.
  std::vector<std::string> WorkInProgress() const;

 private:
  struct Expected {
    Facts must;
    Facts may;
  };
  Expected ExpectedFacts() const;
  void ExpectTenant(int slot, Expected* expected) const;
  void ExpectStorage(const std::string& id, const std::string& isolation, Facts* facts) const;
  void ExpectRemains(int slot, Expected* expected) const;
  Facts SeenFacts() const;
  std::string TenantId(int slot) const { return test_.Unique(Model::TenantName(slot)); }
  void CompareRows(int tenant, const std::map<std::string, std::string>& rows,
                   std::vector<std::string>* differences) const;
  void CompareLogin(int tenant, SqlSession* session, std::vector<std::string>* differences) const;
  void CompareKeys(int tenant, std::vector<std::string>* differences) const;

  const TenantTest& test_;
  const Model& model_;
};

}  // namespace tenantry::testing
