#pragma once

#include "agent/postgres/connection.h"
#include "agent/provision/desired.h"
#include "agent/provision/observed.h"
#include "common/base/result.h"

namespace tenantry::agent {

// Reads the schema, its relations, their rights, row security and the applied migrations into
// `observed`. Part of ObserveStorage.
Result<void> ObserveTables(postgres::Connection& connection, const TenantNames& names,
                           ObservedStorage& observed);

}  // namespace tenantry::agent
