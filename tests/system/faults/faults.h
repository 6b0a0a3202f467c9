#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "tests/system/harness/harness.h"
#include "tests/system/harness/proxies.h"

// What the tests of faults have in common.
namespace tenantry::testing {

// A Tenant "acme" with a schema of its own and a FixtureSet "artists" of two rows, in a namespace
// of their own with a DataStore that is Ready.
class Acme : public TenantTest {
 public:
  Acme();
  void Begin() const;  // applies both
  void BeginTenant() const;
  void BeginFixtures() const;
  // Agents speak to PostgreSQL without TLS from now on, so that a proxy sees what is said.
  void UsePlainPostgres() const;
  // Ready=False with that reason, and Stalled or Reconciling as said; its message has each of
  // `mentions`. kstatus agrees.
  enum class Shape { kStalled, kRetrying };
  void ExpectUnready(const std::string& kind, const std::string& name, const std::string& reason,
                     Shape shape, const std::vector<std::string>& mentions) const;
  // Both become Ready, everything that they need is there exactly once, no event is doubled.
  void BecomeWhole() const;
  // They and all that is theirs go within bounds.
  void ExpectRemovable() const;
  void Remove() const;  // asks for it
  void ExpectGone() const;

 private:
  void ExpectWhole() const;
  std::string Owned(const kube::Resource& resource) const;
  std::string Roles() const;
};

// How long it takes until a fault shows and until it is over: a line for each, "FAULT |
// fault | what happened | seconds", on standard output, and in the file TENANTRY_FAULT_TABLE where
// that is set.
class FaultClock {
 public:
  explicit FaultClock(std::string fault) : fault_(std::move(fault)) {}
  // Says what has just happened; the next one counts from now on.
  void Note(const std::string& what);

 private:
  std::string fault_;
  std::chrono::steady_clock::time_point since_ = std::chrono::steady_clock::now();
};

// Does it at the end of its life: a server is as it was before, whatever the test says.
class AtEnd {
 public:
  explicit AtEnd(std::function<void()> action) : action_(std::move(action)) {}
  ~AtEnd() { action_(); }
  AtEnd(const AtEnd&) = delete;
  AtEnd& operator=(const AtEnd&) = delete;

 private:
  std::function<void()> action_;
};

// The programs work through proxies; faults end before the objects are judged.
class Faults : public ::testing::Test {
 protected:
  ~Faults() override { proxies_.Clear(); }
  void TearDown() override;  // says what befell when the test has failed

  Proxies& proxies_ = Proxies::Instance();
  Acme acme_;
};

}  // namespace tenantry::testing
