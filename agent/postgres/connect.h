#pragma once

#include <libpq-fe.h>

#include <memory>
#include <string>

#include "agent/postgres/wait.h"
#include "common/api/protocol.h"
#include "common/base/result.h"

namespace tenantry::postgres {

struct ConnectionDeleter {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};
using ConnectionHandle = std::unique_ptr<PGconn, ConnectionDeleter>;

// Logs in within access.connect_timeout; the session is in non-blocking mode.
Result<ConnectionHandle> Connect(const api::PostgresAccess& access, const std::string& application,
                                 const StopSignal& stop);

}  // namespace tenantry::postgres
