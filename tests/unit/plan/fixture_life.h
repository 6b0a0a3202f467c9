#pragma once

#include <map>
#include <optional>
#include <string>

#include "operator/plan/fixture_plan.h"
#include "tests/unit/plan/builders.h"

namespace tenantry::plan {

// How the pretend agent takes a load of one tenant: fails, still runs, or (neither) succeeds.
struct LoadMood {
  std::optional<Error> error;
  std::optional<api::Progress> running;
  bool agent_away = false;
  api::LoadResult result;
};

// One FixtureSet from pass to pass, as the reconciler takes it. Each pass also checks that its
// status is legal.
class FixtureLife {
 public:
  explicit FixtureLife(FixtureObserved start) : observed(std::move(start)) {}

  FixturePlan Plan() const { return MakeFixturePlan(observed, memory, settings, monotonic); }
  FixtureSummary Run();  // one pass
  // Names of the tenants that a pass would load now, in its order.
  std::vector<std::string> Loads() const;

  const api::Condition* Find(const std::string& type) const {
    return api::FindCondition(observed.set.status.conditions, type);
  }
  std::string ReadyReason() const { return Find(api::condition::kReady)->reason; }
  bool IsReady() const {
    return api::IsTrue(observed.set.status.conditions, api::condition::kReady);
  }
  const api::FixtureSetStatus& status() const { return observed.set.status; }
  void Wait(std::chrono::seconds time) {
    now += time;
    monotonic += time;
  }

  FixtureObserved observed;
  FixtureMemory memory;
  FixtureSettings settings;
  WallTime now = kNow;
  MonotonicTime monotonic = kMonotonic;
  std::map<std::string, LoadMood> moods;  // by tenant

 private:
  TenantTaskOutcome Ask(const TenantTask& task);
  void Remember(const FixturePlan& plan, const std::map<api::Name, TenantTaskOutcome>& outcomes);
};

// What an agent tells of a dataset.
inline api::DatasetResult ResultOf(const std::string& name, const api::Counters& counters) {
  return {.status = {.name = name,
                     .counters = counters,
                     .bytes = 10,
                     .rows_per_second = 100,
                     .checksum = "abc"}};
}

}  // namespace tenantry::plan
