#pragma once

#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "tests/system/histories/action.h"

// What the last specs demand. Pure: no I/O, no clock.
namespace tenantry::testing {

using Json = nlohmann::json;

// What a Tenant that has gone may have left behind.
struct Remains {
  bool none_is_right = true;
  bool data_is_right = false;
  bool whole = true;           // nothing of it was damaged
  std::string isolation = {};  // of the data
};

struct TenantModel {
  bool wanted = false;  // there shall be such an object
  int life = 0;         // which one of its name, from 1
  std::string isolation = {};
  std::string display_name = {};
  std::string tier = {};
  std::string group = {};
  std::string rotation = {};
  std::string request = {};
  std::string feature = {};
  int revision = 0;  // in its config; no two edits have the same
  int connections = 0;
  bool retain = false;
  bool suspended = false;
  bool adopt = false;
  bool changed_group = false;                  // in this life
  bool damaged = false;                        // in PostgreSQL, since the data is there
  bool lost_keys = false;                      // in Redis, since the data is there
  std::optional<std::string> found_data = {};  // kept of an earlier life: its isolation
  Remains remains = {};                        // when there is none wanted
};

struct SetModel {
  enum class Source { kInline, kConfigMap, kBroken };
  bool wanted = false;
  int life = 0;
  Source source = Source::kInline;
  int version = 0;  // of the inline data
  int tenant = 0;   // slot; unless it has a group
  std::string group = {};
  std::string request = {};
  bool retain = false;
  bool suspended = false;
  bool has_redis = false;        // a second dataset
  bool was_constant = true;      // policy and target never changed in this life
  std::vector<int> clean_lives;  // ended ones that have to have taken back what they inserted
};

struct FileModel {
  int version = 0;  // 0: there is none
};

// Ready's status and reason.
struct Verdict {
  std::string status;
  std::string reason;
  friend bool operator==(const Verdict&, const Verdict&) = default;
};

class Model {
 public:
  TenantModel& tenant(int slot) { return tenants_.at(static_cast<std::size_t>(slot)); }
  const TenantModel& tenant(int slot) const { return tenants_.at(static_cast<std::size_t>(slot)); }
  SetModel& set(int slot) { return sets_.at(static_cast<std::size_t>(slot)); }
  const SetModel& set(int slot) const { return sets_.at(static_cast<std::size_t>(slot)); }
  FileModel& file(int slot) { return files_.at(static_cast<std::size_t>(slot)); }
  const FileModel& file(int slot) const { return files_.at(static_cast<std::size_t>(slot)); }

  // A new life. `found_data`: the isolation of what an earlier one left.
  void BeginTenant(const Action& action, int position, std::optional<std::string> found_data);
  void EditTenant(const Action& action, int position);
  // `provisioned`: its status said so already.
  void EndTenant(int slot, bool provisioned);
  void BeginSet(const Action& action, int position);
  void EditSet(const Action& action, int position);
  void EndSet(int slot);

  // May this Tenant have the storage of its ID?
  bool MayClaim(int slot) const;
  bool IsReady(int slot) const;  // it shall become so
  bool Covers(int set, int tenant) const;
  // None: nothing certain can be said.
  std::optional<Verdict> VerdictOfTenant(int slot) const;
  std::optional<Verdict> VerdictOfSet(int slot) const;
  // Its deletion waits for a Tenant that is not ready.
  bool MayBlockDeletion(int set) const;

  static std::string TenantName(int slot) { return "t" + std::to_string(slot); }
  static std::string SetName(int slot) { return "f" + std::to_string(slot); }
  static std::string FileName(int slot) { return "files-" + std::to_string(slot); }
  Json TenantManifest(int slot, const std::string& tenant_id) const;
  Json SetManifest(int slot) const;
  Json FileManifest(int slot) const;

  // The keys and the name of the rows that a FixtureSet shall have brought to its Tenants; empty:
  // that depends on what happened when.
  struct Rows {
    std::string prefix;  // of each artist_id, before its number
    std::string name;
  };
  std::optional<Rows> RowsOf(int set) const;
  static std::string InlinePrefix(int set, int life);

 private:
  std::array<TenantModel, kTenantSlots> tenants_;
  std::array<SetModel, kSetSlots> sets_;
  std::array<FileModel, kSetSlots> files_;
};

inline constexpr int kRowsPerSet = 3;
inline constexpr char kNoSuchTier[] = "Nonesuch";

}  // namespace tenantry::testing
