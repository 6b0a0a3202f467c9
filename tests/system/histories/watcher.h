#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <thread>

#include "common/base/mutex.h"
#include "tests/system/harness/harness.h"
#include "tests/system/histories/ledger.h"
#include "tests/system/histories/model.h"

// Sees every status that is written, and checks what it says: generations never lie, and nothing is
// Ready while its data is not there.
namespace tenantry::testing {

class Watcher {
 public:
  Watcher(const TenantTest& test, Ledger& ledger);
  ~Watcher();
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

  // What has been looked at until now.
  struct Counts {
    int statuses = 0;
    int looks = 0;  // into the databases, valid ones
  };
  Counts counts() const EXCLUDES(mutex_);

 private:
  void Follow(const kube::Resource& resource, const std::string& version, std::stop_token stop);
  void Take(const Json& object) EXCLUDES(mutex_);
  void CheckGenerations(const Json& object) EXCLUDES(mutex_);
  void Work(const std::stop_token& stop);
  void LookAtTenant(const Json& object);
  void LookAtSet(const Json& object);
  void LookAtRows(const Json& set, int tenant);
  // Why the Tenant is not what its status says; empty: it is.
  std::string Doubt(const Json& tenant) const;
  // Still of that life and generation, and Ready?
  bool IsStill(const char* kind, const Json& object) const;
  void CountLook() EXCLUDES(mutex_);

  const TenantTest& test_;
  Ledger& ledger_;
  mutable Mutex mutex_;
  ConditionVariable arrived_;
  std::map<std::string, std::int64_t> observed_ GUARDED_BY(mutex_);  // by UID
  std::map<std::string, Json> due_
      GUARDED_BY(mutex_);  // the newest Ready of each, by kind and name
  Counts counts_ GUARDED_BY(mutex_);
  std::jthread tenants_;  // the last: they use the rest
  std::jthread sets_;
  std::jthread worker_;
};

// A session of the tenant's own login, past the proxies; `secret` is its binding.
SqlSession LoginOf(const std::map<std::string, std::string>& secret);

}  // namespace tenantry::testing
