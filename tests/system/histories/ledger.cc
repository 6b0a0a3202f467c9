#include "tests/system/histories/ledger.h"

#include <iomanip>
#include <sstream>

namespace tenantry::testing {
namespace {

// The operator's watches of two kinds do not wait for each other: what changed shortly before a
// FixtureSet was edited, it may see after it.
constexpr std::chrono::seconds kWatchesDiffer{2};

std::size_t At(int slot) { return static_cast<std::size_t>(slot); }

}  // namespace

void Ledger::BeginAction(int position) {
  const MutexLock lock(mutex_);
  position_ = position;
}

void Ledger::Log(const std::string& line) {
  const MutexLock lock(mutex_);
  Append(line);
}

void Ledger::Append(const std::string& line) {
  const std::chrono::duration<double> since = std::chrono::steady_clock::now() - begun_;
  std::ostringstream text;
  text << std::fixed << std::setprecision(3) << std::setw(8) << since.count() << " #" << position_
       << " " << line;
  lines_.push_back(text.str());
}

void Ledger::ChangeTenant(int slot) {
  const MutexLock lock(mutex_);
  TenantEntry& entry = tenants_[At(slot)];
  ++entry.changes;
  entry.changed = std::chrono::steady_clock::now();
}

void Ledger::DamageTenant(int slot) {
  ChangeTenant(slot);
  const MutexLock lock(mutex_);
  tenants_[At(slot)].damaged = true;
  tenants_[At(slot)].mended_by.reset();
}

void Ledger::RenewTenant(int slot, std::int64_t generation) {
  const MutexLock lock(mutex_);
  TenantEntry& entry = tenants_[At(slot)];
  if (entry.damaged && !entry.mended_by) {
    entry.mended_by = generation;
  }
}

void Ledger::BeginTenant(int slot) {
  ChangeTenant(slot);
  const MutexLock lock(mutex_);
  tenants_[At(slot)].damaged = false;
  tenants_[At(slot)].mended_by.reset();
}

void Ledger::ChangeSet(int slot) {
  const MutexLock lock(mutex_);
  ++sets_[At(slot)].changes;
  sets_[At(slot)].generation = -1;
}

void Ledger::WroteSet(int slot, std::int64_t generation) {
  const MutexLock lock(mutex_);
  sets_[At(slot)].generation = generation;
  sets_[At(slot)].written = std::chrono::steady_clock::now();
}

void Ledger::SawReady(int slot, std::int64_t generation) {
  const MutexLock lock(mutex_);
  TenantEntry& entry = tenants_[At(slot)];
  if (entry.mended_by && generation >= *entry.mended_by) {
    entry.damaged = false;
    entry.mended_by.reset();
  }
}

std::optional<int> Ledger::TenantMark(int slot) const {
  const MutexLock lock(mutex_);
  const TenantEntry& entry = tenants_[At(slot)];
  return entry.damaged ? std::nullopt : std::optional(entry.changes);
}

std::optional<Ledger::SetMark> Ledger::MarkOfSetAt(int set, int tenant) const {
  const MutexLock lock(mutex_);
  const SetEntry& entry = sets_[At(set)];
  const TenantEntry& place = tenants_[At(tenant)];
  if (entry.generation < 0 || place.damaged || place.changed + kWatchesDiffer > entry.written) {
    return std::nullopt;
  }
  return SetMark{.set = entry.changes, .tenant = place.changes, .generation = entry.generation};
}

void Ledger::Blame(const std::string& violation) {
  const MutexLock lock(mutex_);
  Append("VIOLATION: " + violation);
  violations_.push_back(violation + "\n  found at: " + lines_.back().substr(0, 24));
}

std::vector<std::string> Ledger::violations() const {
  const MutexLock lock(mutex_);
  return violations_;
}

std::string Ledger::Tail(std::size_t lines) const {
  const MutexLock lock(mutex_);
  std::string text;
  for (std::size_t i = lines_.size() > lines ? lines_.size() - lines : 0; i < lines_.size(); ++i) {
    text += lines_[i] + "\n";
  }
  return text;
}

}  // namespace tenantry::testing
