#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "agent/load/bulk_chunk.h"
#include "agent/load/bulk_load.h"
#include "agent/load/bulk_session.h"
#include "common/base/mutex.h"
#include "common/base/result.h"

namespace tenantry::load {

// The rejects of a load: counted, written to the reject file, and bounded. Thread-safe.
//
// The file is NDJSON: file, record, line, byte, column, reason, what, raw, and chunk and lane, by
// which a resumed load knows which lines belong to parts that were never committed.
class RejectLog {
 public:
  RejectLog(const BulkOptions& options, Origin origin);
  ~RejectLog();
  RejectLog(const RejectLog&) = delete;
  RejectLog& operator=(const RejectLog&) = delete;

  // Keeps what belongs to `committed` parts of an interrupted run; a new run starts an empty file.
  Result<void> Open(const CommittedParts& committed);

  // Before the part is committed: its rejects are in the file afterwards, synced to the disk.
  // Errors: the limit is reached, or the file cannot be written.
  Result<void> Add(const Part& part, const std::vector<Reject>& rejects, std::int64_t read);

  // The limit as a part of all records, however few they are. For the end of a load.
  Result<void> CheckTotal() const;

  std::vector<RejectReason> Reasons() const;  // the ten most frequent
  std::int64_t count() const;

 private:
  Result<void> CheckLimit(const std::vector<Reject>& rejects) const REQUIRES(mutex_);
  Result<void> Append(const Part& part, const std::vector<Reject>& rejects) REQUIRES(mutex_);
  Result<void> KeepCommitted(const CommittedParts& committed) REQUIRES(mutex_);

  const BulkOptions& options_;
  const Origin origin_;
  mutable Mutex mutex_;
  int file_ GUARDED_BY(mutex_) = -1;
  std::int64_t count_ GUARDED_BY(mutex_) = 0;
  std::int64_t read_ GUARDED_BY(mutex_) = 0;
  std::map<std::string, std::int64_t> reasons_ GUARDED_BY(mutex_);
};

}  // namespace tenantry::load
