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
  BulkWriter(postgres::Connection& connection, const BulkTarget& target, const Table& table,
             const BulkOptions& options);

  // Errors: what is wrong with more than single records, and whatever ends the session.
  Result<Written> Write(const Part& part, const BulkPlan& plan);

  // Rows of a table that refers to itself may refer to rows that come later: they are held back
  // until here. What is still refused then is rejected. The end of the transaction.
  Result<Written> WriteHeld();

 private:
  // A row whose foreign key to its own table found nothing.
  struct Held {
    Reject reject;
    EncodedRows row;  // only this one
  };

  Result<void> WriteGroup(const Part& part, const EncodedRows& rows, Written& written);
  Result<bool> TryHeld(const std::vector<Held>& held, Written& written);
  void Refuse(const Part& part, const EncodedRows& rows, std::size_t row,
              const postgres::ServerDiagnostics& diagnostics, Written& written);
  Reject Explained(Reject reject, postgres::ServerDiagnostics diagnostics) const;
  Result<api::Counters> WriteRange(const EncodedRows& rows, std::size_t from, std::size_t to);
  Result<void> Copy(const std::string& statement, const EncodedRows& rows, std::size_t from,
                    std::size_t to);
  Result<api::Counters> Merge(std::int64_t staged);
  Result<void> Prepare();
  Reject MakeReject(const Part& part, const EncodedRows& rows, std::size_t row) const;
  std::string CopyStatement(const EncodedRows& rows) const;
  std::string_view CopyName() const;

  postgres::Connection& connection_;
  const BulkTarget& target_;
  const Table& table_;
  const BulkOptions& options_;
  const BulkPlan* plan_ = nullptr;
  bool staging_filled_ = false;
  bool copying_ = false;  // the statement at hand is the COPY
  std::vector<Held> held_;
};

}  // namespace tenantry::load
