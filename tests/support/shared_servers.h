#pragma once

#include "tests/support/postgres_server.h"
#include "tests/support/redis_server.h"

namespace tenantry::testing {

// One PostgreSQL and one Redis for all tests of the program, started when first asked for: that has
// to be on the main thread, with which they end.
PostgresServer& Postgres();
RedisServer& Redis();

}  // namespace tenantry::testing
