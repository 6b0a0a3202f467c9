#pragma once

#include <string>
#include <vector>

#include "agent/postgres/connection.h"
#include "agent/provision/desired.h"
#include "common/base/result.h"

// The schema `tenantry` of a database: made, locked and written here.
namespace tenantry::agent {

// Makes the catalogue or brings it to our version. Writes nothing when it is there.
// Errors: kInvalid/AgentVersionSkew when a newer agent made it; InsufficientPrivilege when the
// admin may not make it or another role owns it.
Result<void> EnsureCatalogue(postgres::Connection& connection);

// Takes the lock of a tenant, or of a set of shared tables, until the session ends. Waits as long
// as the session's lock_timeout; kUnavailable/TenantBusy then, with the role that has the lock:
// tenants may take advisory locks, too, and PostgreSQL has no way to forbid it.
Result<void> LockTenant(postgres::Connection& store, const api::TenantId& id);
Result<void> LockSharedSchema(postgres::Connection& store, const std::string& schema);

// Enters the tenant before anything of it is made, so that a killed agent's work is known as ours.
Result<void> EnterTenant(postgres::Connection& store, const DesiredStorage& desired);

// One line for each detail.
Result<void> WriteAudit(postgres::Connection& store, const api::TenantId& id,
                        const std::string& action, const std::vector<std::string>& details);

// All `scripts` in one transaction. Transactions on one database's catalogue run one after another,
// because PostgreSQL refuses concurrent changes of one access list. The index of the script that
// failed is in `failed`; -1 when none of them did.
struct ScriptOutcome {
  Result<void> result;
  int failed = -1;
};
ScriptOutcome RunInTransaction(postgres::Connection& connection,
                               const std::vector<std::string>& scripts);

}  // namespace tenantry::agent
