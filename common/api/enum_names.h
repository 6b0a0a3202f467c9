#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "common/api/data_store.h"
#include "common/api/fixture_set.h"
#include "common/api/meta.h"
#include "common/api/protocol.h"
#include "common/api/tenant.h"

// What our enums are called in JSON: one table for each, read by both directions of the codecs, by
// ToString() and by hack/check_crds.py.
namespace tenantry::api {

template <class E>
struct EnumName {
  E value;
  const char* name;
};

inline constexpr EnumName<SslMode> kSslModeNames[] = {
    {SslMode::kDisable, "Disable"},       {SslMode::kPrefer, "Prefer"},
    {SslMode::kRequire, "Require"},       {SslMode::kVerifyCa, "VerifyCA"},
    {SslMode::kVerifyFull, "VerifyFull"},
};
inline constexpr EnumName<AllowedNamespaces> kAllowedNamespacesNames[] = {
    {AllowedNamespaces::kSame, "Same"},
    {AllowedNamespaces::kAll, "All"},
    {AllowedNamespaces::kSelector, "Selector"},
};
inline constexpr EnumName<Isolation> kIsolationNames[] = {
    {Isolation::kSchema, "Schema"},
    {Isolation::kDatabase, "Database"},
    {Isolation::kRowLevel, "RowLevel"},
};
inline constexpr EnumName<DeletionPolicy> kDeletionPolicyNames[] = {
    {DeletionPolicy::kRetain, "Retain"},
    {DeletionPolicy::kDelete, "Delete"},
};
inline constexpr EnumName<UnloadPolicy> kUnloadPolicyNames[] = {
    {UnloadPolicy::kRetain, "Retain"},
    {UnloadPolicy::kUnload, "Unload"},
};
inline constexpr EnumName<Format> kFormatNames[] = {
    {Format::kAuto, "Auto"},
    {Format::kJson, "JSON"},
    {Format::kNdjson, "NDJSON"},
    {Format::kCsv, "CSV"},
};
inline constexpr EnumName<Conflict> kConflictNames[] = {
    {Conflict::kError, "Error"},           {Conflict::kSkip, "Skip"},
    {Conflict::kUpdate, "Update"},         {Conflict::kReplace, "Replace"},
    {Conflict::kMerge, "Merge"},           {Conflict::kKeepNewest, "KeepNewest"},
    {Conflict::kKeepOldest, "KeepOldest"},
};
inline constexpr EnumName<UnknownColumns> kUnknownColumnsNames[] = {
    {UnknownColumns::kError, "Error"},
    {UnknownColumns::kIgnore, "Ignore"},
    {UnknownColumns::kCollect, "Collect"},
};
inline constexpr EnumName<CsvHeader> kCsvHeaderNames[] = {
    {CsvHeader::kAuto, "Auto"},
    {CsvHeader::kPresent, "Present"},
    {CsvHeader::kAbsent, "Absent"},
};
inline constexpr EnumName<RedisType> kRedisTypeNames[] = {
    {RedisType::kString, "String"},
    {RedisType::kHash, "Hash"},
};
inline constexpr EnumName<ConditionStatus> kConditionStatusNames[] = {
    {ConditionStatus::kTrue, "True"},
    {ConditionStatus::kFalse, "False"},
    {ConditionStatus::kUnknown, "Unknown"},
};
inline constexpr EnumName<TaskKind> kTaskKindNames[] = {
    {TaskKind::kProvision, "Provision"},     {TaskKind::kObserve, "Observe"},
    {TaskKind::kDeprovision, "Deprovision"}, {TaskKind::kLoad, "Load"},
    {TaskKind::kUnload, "Unload"},
};
inline constexpr EnumName<TaskState> kTaskStateNames[] = {
    {TaskState::kQueued, "Queued"},       {TaskState::kRunning, "Running"},
    {TaskState::kSucceeded, "Succeeded"}, {TaskState::kFailed, "Failed"},
    {TaskState::kCancelled, "Cancelled"},
};

// The table of an enum, found by overload.
constexpr std::span<const EnumName<SslMode>> NamesOf(SslMode) { return kSslModeNames; }
constexpr std::span<const EnumName<AllowedNamespaces>> NamesOf(AllowedNamespaces) {
  return kAllowedNamespacesNames;
}
constexpr std::span<const EnumName<Isolation>> NamesOf(Isolation) { return kIsolationNames; }
constexpr std::span<const EnumName<DeletionPolicy>> NamesOf(DeletionPolicy) {
  return kDeletionPolicyNames;
}
constexpr std::span<const EnumName<UnloadPolicy>> NamesOf(UnloadPolicy) {
  return kUnloadPolicyNames;
}
constexpr std::span<const EnumName<Format>> NamesOf(Format) { return kFormatNames; }
constexpr std::span<const EnumName<Conflict>> NamesOf(Conflict) { return kConflictNames; }
constexpr std::span<const EnumName<UnknownColumns>> NamesOf(UnknownColumns) {
  return kUnknownColumnsNames;
}
constexpr std::span<const EnumName<CsvHeader>> NamesOf(CsvHeader) { return kCsvHeaderNames; }
constexpr std::span<const EnumName<RedisType>> NamesOf(RedisType) { return kRedisTypeNames; }
constexpr std::span<const EnumName<ConditionStatus>> NamesOf(ConditionStatus) {
  return kConditionStatusNames;
}
constexpr std::span<const EnumName<TaskKind>> NamesOf(TaskKind) { return kTaskKindNames; }
constexpr std::span<const EnumName<TaskState>> NamesOf(TaskState) { return kTaskStateNames; }

template <class E>
constexpr const char* NameOf(E value) {
  for (const EnumName<E>& entry : NamesOf(value)) {
    if (entry.value == value) {
      return entry.name;
    }
  }
  return "";
}

}  // namespace tenantry::api
