#pragma once

#include <vector>

#include "agent/provision/desired.h"
#include "agent/provision/observe.h"
#include "common/base/result.h"

namespace tenantry::agent {

// Applies the migrations, each in one transaction with its line in the history, in a session that
// is logged in as the owner: what a migration says can do no more than the owner may. Errors:
// kInvalid/MigrationFailed with the file, the line and what PostgreSQL said.
Result<void> ApplyMigrations(AdminSessions& sessions, const TenantNames& names,
                             const std::vector<Migration>& migrations);

// A session of `role`, which is closed for logins: it is open for the moment of the login only,
// with a password that nobody else knows and that expires within a minute, should we be killed.
Result<std::unique_ptr<postgres::Connection>> OpenClosedRole(AdminSessions& sessions,
                                                             const std::string& role,
                                                             const std::string& database);

}  // namespace tenantry::agent
