#include "agent/provision/shared_rows.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "agent/postgres/quote.h"
#include "agent/provision/apply.h"
#include "agent/provision/migrate.h"
#include "agent/provision/plan.h"
#include "common/api/reasons.h"

namespace tenantry::agent {
namespace {

using postgres::QuoteIdentifier;
using postgres::QuoteLiteral;

// What it takes to see and delete the rows. Migrations and the catalogue row stay as they are.
Result<StoragePlan> MakeAccessPlan(const DesiredStorage& desired, const ObservedStorage& observed) {
  StoragePlan plan;
  const auto append = [&plan](std::vector<Step> steps) {
    plan.steps.insert(plan.steps.end(), steps.begin(), steps.end());
  };
  append(MakeRoleSteps(desired, observed));
  append(MakeDatabaseSteps(desired, observed));
  append(MakeSchemaSteps(desired, observed));
  append(TRY(MakeRelationSteps(desired, observed)));
  const std::string mapping = "INSERT INTO tenantry.row_tenants (role_name, tenant_id) VALUES (" +
                              QuoteLiteral(desired.names.app) + ", " +
                              QuoteLiteral(desired.names.id.value()) +
                              ") ON CONFLICT (role_name) DO UPDATE SET tenant_id = "
                              "excluded.tenant_id";
  plan.steps.push_back(
      {Place::kTables, mapping, "Role " + desired.names.app + " is not tied to its tenant.", ""});
  return plan;
}

// The outcome of one pass over the tables.
struct Pass {
  std::vector<std::string> referenced;  // tables whose rows others still refer to
  std::int64_t deleted = 0;
};

Result<Pass> DeleteOnce(postgres::Connection& session, const std::vector<std::string>& tables,
                        const std::string& id) {
  constexpr char kForeignKeyViolation[] = "23503";
  Pass pass;
  for (const std::string& table : tables) {
    const Result<postgres::Rows> done =
        session.Execute("DELETE FROM " + table + " WHERE tenant_id = $1", {id});
    if (done) {
      pass.deleted += done->affected;
    } else if (session.last_diagnostics().sqlstate == kForeignKeyViolation) {
      pass.referenced.push_back(table);
    } else {
      return done.error();
    }
  }
  return pass;
}

}  // namespace

Result<std::int64_t> DeleteSharedRows(AdminSessions& sessions, const TenantNames& names) {
  DesiredStorage desired;
  desired.names = names;
  const ObservedStorage observed = TRY(ObserveStorage(sessions, desired));
  if (!observed.schema_owner) {
    return 0;
  }
  const StoragePlan plan = TRY(MakeAccessPlan(desired, observed));
  TRY(ApplyPlan(sessions, names, plan));
  std::vector<std::string> tables;
  for (const RelationState& relation : observed.relations) {
    if (relation.is_table() && relation.name != kHistoryTable) {
      tables.push_back(QuoteIdentifier(names.schema) + "." + QuoteIdentifier(relation.name));
    }
  }
  const std::unique_ptr<postgres::Connection> session =
      TRY(OpenClosedRole(sessions, names.app, names.database));
  std::int64_t deleted = 0;
  while (!tables.empty()) {
    Pass pass = TRY(DeleteOnce(*session, tables, names.id.value()));
    deleted += pass.deleted;
    if (pass.referenced.size() == tables.size()) {
      return Error{ErrorCode::kInvalid,
                   "Rows of tenant " + names.id.value() + " in " + tables.front() +
                       " cannot be deleted, because others refer to them (" +
                       session->last_diagnostics().message + "). Delete these first.",
                   api::reason::kFailed};
    }
    tables = std::move(pass.referenced);
  }
  return deleted;
}

}  // namespace tenantry::agent
