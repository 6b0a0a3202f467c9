#pragma once

#include "agent/load/bulk_chunk.h"
#include "agent/postgres/connection.h"

namespace tenantry::load {

// Why the server refused the record, in our words as far as the SQLSTATE tells. Pure.
Reject Explain(Reject reject, const postgres::ServerDiagnostics& diagnostics);

}  // namespace tenantry::load
