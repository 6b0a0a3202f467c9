#include "agent/provision/apply.h"

#include <string>
#include <vector>

#include "agent/provision/catalogue.h"
#include "agent/provision/migrate.h"
#include "common/api/reasons.h"

namespace tenantry::agent {
namespace {

std::vector<Step> StepsAt(const StoragePlan& plan, Place place) {
  std::vector<Step> steps;
  for (const Step& step : plan.steps) {
    if (step.place == place) {
      steps.push_back(step);
    }
  }
  return steps;
}

Error CouldNot(const Step& step, Error error) {
  error.message = step.drift + " It could not be put right: " + error.message;
  return error;
}

Result<void> ApplySteps(postgres::Connection& connection, const std::vector<Step>& steps) {
  if (steps.empty()) {
    return {};
  }
  std::vector<std::string> scripts;
  for (const Step& step : steps) {
    scripts.push_back(step.sql);
  }
  ScriptOutcome outcome = RunInTransaction(connection, scripts);
  if (!outcome.result && outcome.failed >= 0) {
    return CouldNot(steps[static_cast<std::size_t>(outcome.failed)],
                    std::move(outcome.result).error());
  }
  return outcome.result;
}

Result<void> CreateDatabases(postgres::Connection& store, const std::vector<Step>& steps) {
  constexpr char kDuplicateDatabase[] = "42P04";
  for (const Step& step : steps) {
    Result<void> made = store.ExecuteScript(step.sql);
    if (!made && store.last_diagnostics().sqlstate != kDuplicateDatabase) {
      return CouldNot(step, std::move(made).error());
    }
  }
  return {};
}

Error Lacks(const std::string& admin, const std::string& host_port, const std::string& what,
            const std::string& remedy) {
  return {ErrorCode::kInvalid,
          "Role " + admin + " of " + host_port + " may not create " + what +
              ". Run as a superuser: " + remedy,
          api::reason::kInsufficientPrivilege};
}

}  // namespace

Result<void> ApplyPlan(AdminSessions& sessions, const TenantNames& names, const StoragePlan& plan) {
  TRY(ApplySteps(sessions.store(), StepsAt(plan, Place::kStore)));
  TRY(CreateDatabases(sessions.store(), StepsAt(plan, Place::kCreateDatabase)));
  if (sessions.tables() == nullptr) {
    return {};
  }
  TRY(ApplySteps(*sessions.tables(), StepsAt(plan, Place::kTables)));
  return ApplyMigrations(sessions, names, plan.migrations);
}

Result<void> CheckAdminRights(const TenantNames& names, const ObservedStorage& observed,
                              const std::string& host_port) {
  if (!observed.admin_may_create_roles) {
    return Lacks(observed.admin, host_port, "roles",
                 "ALTER ROLE \"" + observed.admin + "\" CREATEROLE;");
  }
  if (names.has_own_database() && !observed.database && !observed.admin_may_create_databases) {
    return Lacks(observed.admin, host_port, "databases",
                 "ALTER ROLE \"" + observed.admin + "\" CREATEDB;");
  }
  if (!observed.admin_may_create_schemas) {
    return Lacks(
        observed.admin, host_port, "schemas in database " + names.store_database,
        "ALTER DATABASE \"" + names.store_database + "\" OWNER TO \"" + observed.admin + "\";");
  }
  return {};
}

}  // namespace tenantry::agent
