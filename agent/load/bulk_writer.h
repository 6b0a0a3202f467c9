#pragma once

#include <string>
#include <vector>

#include "agent/load/bulk_chunk.h"
#include "agent/load/bulk_load.h"
#include "agent/load/bulk_plan.h"
#include "agent/load/table.h"
#include "agent/postgres/connection.h"
#include "common/base/result.h"

namespace tenantry::load {

// What a part did to its table, and the records that the server refused.
struct Written {
  api::Counters counters;
  std::vector<Reject> rejects;
};

// Writes parts in one session, inside of the caller's transaction. A record that the server
// refuses (a constraint, a trigger, a value) is found and left out; the others are written.
class BulkWriter {
 public:
  // Everything outlives the writer.
  BulkWriter(postgres::Connection& connection, const Table& table, const BulkOptions& options);

  // Errors: what is wrong with more than single records, and whatever ends the session.
  Result<Written> Write(const Part& part, const BulkPlan& plan);

 private:
  Result<void> WriteGroup(const Part& part, const EncodedRows& rows, Written& written);
  Result<api::Counters> WriteRange(const EncodedRows& rows, std::size_t from, std::size_t to);
  Result<void> Copy(const std::string& statement, const EncodedRows& rows, std::size_t from,
                    std::size_t to);
  Result<api::Counters> Merge(std::int64_t staged);
  Result<void> Prepare();
  Reject MakeReject(const Part& part, const EncodedRows& rows, std::size_t row) const;
  std::string CopyStatement(const EncodedRows& rows) const;
  std::string_view CopyName() const;

  postgres::Connection& connection_;
  const Table& table_;
  const BulkOptions& options_;
  const BulkPlan* plan_ = nullptr;
  bool staging_filled_ = false;
  bool copying_ = false;  // the statement at hand is the COPY
};

}  // namespace tenantry::load
