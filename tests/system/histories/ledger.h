#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/base/mutex.h"
#include "tests/system/histories/action.h"

// What the one who acts and the ones who watch tell each other. Thread-safe.
namespace tenantry::testing {

class Ledger {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // ---- by who acts ----
  void BeginAction(int position) EXCLUDES(mutex_);
  void Log(const std::string& line) EXCLUDES(mutex_);
  // Before something that makes what was said of the Tenant's storage obsolete: it is made,
  // deleted, relabelled.
  void ChangeTenant(int slot) EXCLUDES(mutex_);
  // Before something of it is damaged. It may be so until it is provisioned again.
  void DamageTenant(int slot) EXCLUDES(mutex_);
  // After an edit that makes the operator provision the Tenant again.
  void RenewTenant(int slot, std::int64_t generation) EXCLUDES(mutex_);
  // After a new life has begun: nothing of an earlier one matters.
  void BeginTenant(int slot) EXCLUDES(mutex_);
  // Around an edit of a FixtureSet; which generation it became.
  void ChangeSet(int slot) EXCLUDES(mutex_);
  void WroteSet(int slot, std::int64_t generation) EXCLUDES(mutex_);

  // ---- by who watches ----
  // Ready was said of that generation: all damage from before that edit is mended.
  void SawReady(int slot, std::int64_t generation) EXCLUDES(mutex_);
  // Equal before and after a look: nobody has touched the Tenant meanwhile. None: it is damaged.
  std::optional<int> TenantMark(int slot) const EXCLUDES(mutex_);
  // None: what the Tenant has may be of before the set's last edit.
  struct SetMark {
    int set = 0;
    int tenant = 0;
    std::int64_t generation = 0;
    friend bool operator==(const SetMark&, const SetMark&) = default;
  };
  std::optional<SetMark> MarkOfSetAt(int set, int tenant) const EXCLUDES(mutex_);
  void Blame(const std::string& violation) EXCLUDES(mutex_);

  std::vector<std::string> violations() const EXCLUDES(mutex_);
  // The last lines, for the failure's message.
  std::string Tail(std::size_t lines) const EXCLUDES(mutex_);

 private:
  struct TenantEntry {
    int changes = 0;
    Time changed{};
    bool damaged = false;
    std::optional<std::int64_t> mended_by;  // Ready of this generation or a later one
  };
  struct SetEntry {
    int changes = 0;
    Time written{};
    std::int64_t generation = -1;  // -1: being written
  };
  void Append(const std::string& line) REQUIRES(mutex_);

  const Time begun_ = std::chrono::steady_clock::now();
  mutable Mutex mutex_;
  int position_ GUARDED_BY(mutex_) = 0;
  std::array<TenantEntry, kTenantSlots> tenants_ GUARDED_BY(mutex_);
  std::array<SetEntry, kSetSlots> sets_ GUARDED_BY(mutex_);
  std::vector<std::string> lines_ GUARDED_BY(mutex_);
  std::vector<std::string> violations_ GUARDED_BY(mutex_);
};

}  // namespace tenantry::testing
