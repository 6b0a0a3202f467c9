#include <string>
#include <vector>

#include "agent/postgres/quote.h"
#include "agent/provision/plan.h"

namespace tenantry::agent {
namespace {

using postgres::QuoteIdentifier;
using postgres::QuoteLiteral;

// Rights to a database: CONNECT for all roles of the tenant, TEMP for those that stage data.
void AddAccessSteps(const TenantNames& names, const DatabaseState& state,
                    std::vector<Step>& steps) {
  const std::string database = QuoteIdentifier(names.database);
  for (const std::string& role : {names.owner, names.app, names.reader}) {
    if (!state.may_connect.contains(role)) {
      steps.push_back(
          {Place::kStore, "GRANT CONNECT ON DATABASE " + database + " TO " + QuoteIdentifier(role),
           "Role " + role + " may not connect to database " + names.database + ".",
           "Let role " + role + " connect to database " + names.database + ".", Weight::kDetail});
    }
  }
  for (const std::string& role : {names.owner, names.app}) {
    if (!state.may_use_temp.contains(role)) {
      steps.push_back(
          {Place::kStore,
           "GRANT TEMPORARY ON DATABASE " + database + " TO " + QuoteIdentifier(role),
           "Role " + role + " may not make temporary tables in database " + names.database + ".",
           "Let role " + role + " make temporary tables in database " + names.database + ".",
           Weight::kDetail});
    }
  }
}

void AddPublicStep(const std::string& database, const DatabaseState& state,
                   const std::string& admin, std::vector<Step>& steps) {
  // Somebody else's database stays as open as its owner wants it.
  if (!state.public_may_connect || state.owner != admin) {
    return;
  }
  steps.push_back(
      {Place::kStore,
       "REVOKE CONNECT, TEMPORARY ON DATABASE " + QuoteIdentifier(database) + " FROM PUBLIC",
       "Every role may connect to database " + database + ".",
       "Closed database " + database + " for roles without a grant.", Weight::kDetail});
}

std::string RowValues(const DesiredStorage& desired) {
  const TenantNames& names = desired.names;
  return QuoteLiteral(names.id.value()) + ", " + QuoteLiteral(desired.owner_uid) + ", " +
         QuoteLiteral(desired.owner) + ", " + QuoteLiteral(api::ToString(names.isolation)) + ", " +
         QuoteLiteral(names.database) + ", " + QuoteLiteral(names.schema) + ", 'Active', " +
         QuoteLiteral(desired.config_json);
}

std::string UpsertRow(const DesiredStorage& desired) {
  return "INSERT INTO tenantry.tenants AS t (tenant_id, owner_uid, owner, isolation, "
         "database_name, schema_name, state, config) VALUES (" +
         RowValues(desired) +
         ") ON CONFLICT (tenant_id) DO UPDATE SET owner_uid = excluded.owner_uid, "
         "owner = excluded.owner, isolation = excluded.isolation, "
         "database_name = excluded.database_name, schema_name = excluded.schema_name, "
         "state = excluded.state, config = excluded.config";
}

void AddRowSteps(const DesiredStorage& desired, const std::optional<CatalogueRow>& row, Place place,
                 const std::string& database, std::vector<Step>& steps) {
  const std::string& id = desired.names.id.value();
  if (!row) {
    steps.push_back({place, UpsertRow(desired),
                     "Tenant " + id + " is not in the catalogue of database " + database + ".",
                     "Entered tenant " + id + " in the catalogue of database " + database + ".",
                     Weight::kDetail});
    return;
  }
  if (row->retained) {
    steps.push_back({place, UpsertRow(desired),
                     "Tenant " + id + " is only retained in database " + database + ".",
                     "Took tenant " + id + " into use again in database " + database + ".",
                     Weight::kMajor});
    return;
  }
  if (!row->config_matches) {
    steps.push_back(
        {place, UpsertRow(desired),
         "The configuration published in database " + database + " is not the one of the Tenant.",
         "Published the configuration in database " + database + ".", Weight::kMajor});
    return;
  }
  if (row->owner_uid != desired.owner_uid || row->owner != desired.owner) {
    steps.push_back({place, UpsertRow(desired),
                     "The catalogue of database " + database + " names " + row->owner +
                         " as the owner of tenant " + id + ".",
                     "Entered " + desired.owner + " as the owner of tenant " + id + ".",
                     Weight::kMajor});
  }
}

}  // namespace

std::vector<Step> MakeDatabaseSteps(const DesiredStorage& desired,
                                    const ObservedStorage& observed) {
  const TenantNames& names = desired.names;
  std::vector<Step> steps;
  AddPublicStep(names.store_database, observed.store_database, observed.admin, steps);
  if (!observed.database) {
    steps.push_back({Place::kCreateDatabase,
                     "CREATE DATABASE " + QuoteIdentifier(names.database) +
                         " TEMPLATE template0 ENCODING 'UTF8'",
                     "Database " + names.database + " is missing.",
                     "Made database " + names.database + ".", Weight::kMajor});
    return steps;
  }
  AddAccessSteps(names, *observed.database, steps);
  if (names.has_own_database()) {
    AddPublicStep(names.database, *observed.database, observed.admin, steps);
  }
  return steps;
}

std::vector<Step> MakeCatalogueSteps(const DesiredStorage& desired,
                                     const ObservedStorage& observed) {
  const TenantNames& names = desired.names;
  std::vector<Step> steps;
  AddRowSteps(desired, observed.row, Place::kStore, names.store_database, steps);
  if (!observed.database) {
    return steps;
  }
  if (names.has_own_database()) {
    AddRowSteps(desired, observed.tables_row, Place::kTables, names.database, steps);
  }
  for (const std::string& role : {names.app, names.second_app, names.reader}) {
    const auto mapped = observed.mapped_roles.find(role);
    if (mapped != observed.mapped_roles.end() && mapped->second == names.id.value()) {
      continue;
    }
    steps.push_back({Place::kTables,
                     "INSERT INTO tenantry.row_tenants (role_name, tenant_id) VALUES (" +
                         QuoteLiteral(role) + ", " + QuoteLiteral(names.id.value()) +
                         ") ON CONFLICT (role_name) DO UPDATE SET tenant_id = excluded.tenant_id",
                     "Role " + role + " is not tied to tenant " + names.id.value() + ".",
                     "Tied role " + role + " to tenant " + names.id.value() + ".",
                     Weight::kDetail});
  }
  return steps;
}

}  // namespace tenantry::agent
