#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "agent/load/bulk_chunk.h"
#include "agent/postgres/connection.h"

namespace tenantry::load {

// The column that the error context of COPY names after its line: `COPY songs, line 3, column c4:
// …`; empty when it names none.
std::string CopyColumn(const std::string& context, std::string_view name);

// Number of the line that the error context of COPY into `name` tells; 0 when it tells none. The
// context is in the server's language: only the order "table, line" is relied on.
std::int64_t CopyLine(const std::string& context, std::string_view name);

// The server refused the record as such (a constraint, a trigger, row-level security).
bool IsRecordError(const std::string& sqlstate);

// Why the server refused the record, in our words as far as the SQLSTATE tells. Pure.
Reject Explain(Reject reject, const postgres::ServerDiagnostics& diagnostics);

}  // namespace tenantry::load
