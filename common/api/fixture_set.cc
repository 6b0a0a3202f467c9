#include "common/api/fixture_set.h"

#include "common/api/enum_names.h"

namespace tenantry::api {

const char* ToString(Format format) { return NameOf(format); }
const char* ToString(Conflict conflict) { return NameOf(conflict); }

bool ComparesCursor(Conflict conflict) {
  return conflict == Conflict::kKeepNewest || conflict == Conflict::kKeepOldest;
}

bool IsForRedis(Conflict conflict) {
  return conflict != Conflict::kMerge && !ComparesCursor(conflict);
}

Counters& Counters::operator+=(const Counters& other) {
  read += other.read;
  inserted += other.inserted;
  updated += other.updated;
  unchanged += other.unchanged;
  skipped += other.skipped;
  rejected += other.rejected;
  return *this;
}

}  // namespace tenantry::api
