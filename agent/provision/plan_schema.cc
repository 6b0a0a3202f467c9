#include <algorithm>
#include <cctype>
#include <set>
#include <string>
#include <vector>

#include "agent/postgres/quote.h"
#include "agent/provision/plan.h"
#include "common/api/reasons.h"
#include "common/base/strings.h"

namespace tenantry::agent {
namespace {

using postgres::QuoteIdentifier;
using postgres::QuoteLiteral;
using Rights = std::set<std::string>;

constexpr char kTenantExpression[] =
    "tenant_id = (SELECT m.tenant_id FROM tenantry.my_tenant AS m)";
constexpr char kTenantDefault[] = "tenantry.my_tenant_id()";

Step OnTables(std::string sql, std::string drift, std::string change,
              Weight weight = Weight::kDetail) {
  return {Place::kTables, std::move(sql), std::move(drift), std::move(change), weight};
}

std::string Qualified(const TenantNames& names, const std::string& relation) {
  return QuoteIdentifier(names.schema) + "." + QuoteIdentifier(relation);
}

// An expression as PostgreSQL prints it and as we wrote it differ in blanks, brackets, casts of
// varchar to text, and AS.
std::string Normalised(const std::string& expression) {
  std::string text;
  for (const char c : expression) {
    if (std::isspace(static_cast<unsigned char>(c)) == 0 && c != '(' && c != ')') {
      text += c;
    }
  }
  for (const std::string& noise : {std::string("::text"), std::string("::charactervarying")}) {
    for (std::size_t at = text.find(noise); at != std::string::npos; at = text.find(noise)) {
      text.erase(at, noise.size());
    }
  }
  return text;
}

bool IsTenantExpression(const std::string& printed) {
  return Normalised(printed) == "tenant_id=SELECTm.tenant_idFROMtenantry.my_tenantm";
}

// A schema made anew holds nothing that was loaded before.
std::string CreateSchemaSql(const TenantNames& names) {
  const std::string tenants =
      "(SELECT tenant_id FROM tenantry.tenants WHERE schema_name = " + QuoteLiteral(names.schema) +
      ")";
  const std::string roles =
      "(SELECT role_name FROM tenantry.row_tenants WHERE tenant_id IN " + tenants + ")";
  return "CREATE SCHEMA " + QuoteIdentifier(names.schema) + " AUTHORIZATION " +
         QuoteIdentifier(names.owner) +
         "; UPDATE tenantry.tenants SET incarnation = gen_random_uuid() WHERE tenant_id IN " +
         tenants + "; DELETE FROM tenantry_loads.chunks WHERE role_name IN " + roles +
         "; DELETE FROM tenantry_loads.loads WHERE role_name IN " + roles +
         "; DELETE FROM tenantry.loads WHERE tenant_id IN " + tenants +
         "; DELETE FROM tenantry.loaded_rows WHERE tenant_id IN " + tenants;
}

void AddDefaultRights(const TenantNames& names, const ObservedStorage& observed,
                      std::vector<Step>& steps) {
  struct Default {
    const std::string& role;
    char kind;
    const char* objects;
    Rights rights;
  };
  const std::vector<Default> defaults = {
      {names.app, 'r', "TABLES", {"SELECT", "INSERT", "UPDATE", "DELETE"}},
      {names.app, 'S', "SEQUENCES", {"USAGE", "SELECT"}},
      {names.reader, 'r', "TABLES", {"SELECT"}},
  };
  for (const Default& wanted : defaults) {
    const bool complete =
        std::all_of(wanted.rights.begin(), wanted.rights.end(), [&](const std::string& right) {
          return observed.default_rights.contains(wanted.role + " " + wanted.kind + " " + right);
        });
    if (complete) {
      continue;
    }
    const std::string rights = Join({wanted.rights.begin(), wanted.rights.end()}, ", ");
    steps.push_back(OnTables(
        "ALTER DEFAULT PRIVILEGES FOR ROLE " + QuoteIdentifier(names.owner) + " IN SCHEMA " +
            QuoteIdentifier(names.schema) + " GRANT " + rights + " ON " + wanted.objects + " TO " +
            QuoteIdentifier(wanted.role),
        "Role " + wanted.role + " gets no rights to new " +
            (wanted.kind == 'r' ? "tables" : "sequences") + " of schema " + names.schema + ".",
        "Role " + wanted.role + " gets " + rights + " on new " +
            (wanted.kind == 'r' ? "tables" : "sequences") + " of schema " + names.schema + "."));
  }
}

Rights AppRights(const RelationState& relation) {
  if (relation.kind == 'S') {
    return {"SELECT", "USAGE"};
  }
  if (relation.kind == 'm' || relation.name == kHistoryTable) {
    return {"SELECT"};
  }
  return {"DELETE", "INSERT", "SELECT", "UPDATE"};
}

Rights ReaderRights(const RelationState& relation) {
  return relation.kind == 'S' ? Rights{} : Rights{"SELECT"};
}

// What is in `left` and not in `right`, as a list for SQL.
std::string Missing(const Rights& left, const Rights& right) {
  std::vector<std::string> missing;
  std::set_difference(left.begin(), left.end(), right.begin(), right.end(),
                      std::back_inserter(missing));
  return Join(missing, ", ");
}

const char* KindWord(char kind) {
  switch (kind) {
    case 'v':
      return "view";
    case 'm':
      return "materialized view";
    case 'S':
      return "sequence";
    case 'f':
      return "foreign table";
    default:
      return "table";
  }
}

std::string Named(const TenantNames& names, const RelationState& relation) {
  return std::string(KindWord(relation.kind)) + " " + names.schema + "." + Shorten(relation.name);
}

void AddGrant(const TenantNames& names, const RelationState& relation, const std::string& role,
              const Rights& wanted, const Rights& held, std::vector<Step>& steps) {
  const std::string missing = Missing(wanted, held);
  if (missing.empty()) {
    return;
  }
  const std::string object = relation.kind == 'S' ? "SEQUENCE " : "TABLE ";
  steps.push_back(
      OnTables("GRANT " + missing + " ON " + object + Qualified(names, relation.name) + " TO " +
                   QuoteIdentifier(role),
               "Role " + role + " lacks " + missing + " on " + Named(names, relation) + ".",
               "Gave " + missing + " on " + Named(names, relation) + " to role " + role + "."));
}

// Rights that go round row security (TRUNCATE) or let a tenant write the history.
void AddRevoke(const TenantNames& names, const RelationState& relation, const std::string& role,
               const Rights& wanted, const Rights& held, std::vector<Step>& steps) {
  const bool guarded = names.is_shared() || relation.name == kHistoryTable;
  const std::string excess = Missing(held, wanted);
  if (!guarded || excess.empty()) {
    return;
  }
  const std::string object = relation.kind == 'S' ? "SEQUENCE " : "TABLE ";
  steps.push_back(
      OnTables("REVOKE " + excess + " ON " + object + Qualified(names, relation.name) + " FROM " +
                   QuoteIdentifier(role) + ", PUBLIC",
               "Role " + role + " has " + excess + " on " + Named(names, relation) + ".",
               "Took " + excess + " on " + Named(names, relation) + " from role " + role + ".",
               Weight::kMajor));
}

void AddRights(const TenantNames& names, const RelationState& relation, std::vector<Step>& steps) {
  AddGrant(names, relation, names.app, AppRights(relation), relation.app_rights, steps);
  AddGrant(names, relation, names.reader, ReaderRights(relation), relation.reader_rights, steps);
  AddRevoke(names, relation, names.app, AppRights(relation), relation.app_rights, steps);
  AddRevoke(names, relation, names.reader, ReaderRights(relation), relation.reader_rights, steps);
}

void AddOwner(const TenantNames& names, const RelationState& relation, std::vector<Step>& steps) {
  if (relation.owner == names.owner) {
    return;
  }
  // ALTER TABLE … OWNER takes every kind of relation.
  steps.push_back(OnTables("ALTER TABLE " + Qualified(names, relation.name) + " OWNER TO " +
                               QuoteIdentifier(names.owner),
                           "Owner of " + Named(names, relation) + " is " + relation.owner + ".",
                           "Gave " + Named(names, relation) + " to role " + names.owner + ".",
                           Weight::kMajor));
}

void AddPolicies(const TenantNames& names, const RelationState& table, std::vector<Step>& steps) {
  const std::string on = " ON " + Qualified(names, table.name);
  const std::string create = "CREATE POLICY " + QuoteIdentifier(kPolicyName) + on + " USING (" +
                             kTenantExpression + ") WITH CHECK (" + kTenantExpression + ")";
  bool found = false;
  for (const PolicyState& policy : table.policies) {
    const std::string drop = "DROP POLICY " + QuoteIdentifier(policy.name) + on;
    const bool is_right = policy.permissive && policy.for_all_commands && policy.for_everybody &&
                          IsTenantExpression(policy.using_expression) &&
                          IsTenantExpression(policy.check_expression);
    if (policy.name != kPolicyName && policy.permissive) {
      // Permissive policies are alternatives: any other one opens the table further.
      steps.push_back(OnTables(
          drop,
          "Policy " + Shorten(policy.name) + " opens " + Named(names, table) + " to other tenants.",
          "Dropped policy " + Shorten(policy.name) + " of " + Named(names, table) + ".",
          Weight::kMajor));
    } else if (policy.name == kPolicyName) {
      found = true;
      if (!is_right) {
        steps.push_back(OnTables(
            drop + "; " + create, "The tenant policy of " + Named(names, table) + " was changed.",
            "Put the tenant policy of " + Named(names, table) + " right.", Weight::kMajor));
      }
    }
  }
  if (!found) {
    steps.push_back(OnTables(create, "The tenant policy of " + Named(names, table) + " is missing.",
                             "Made the tenant policy of " + Named(names, table) + "."));
  }
}

void AddRowSecurity(const TenantNames& names, const RelationState& table,
                    std::vector<Step>& steps) {
  const std::string alter = "ALTER TABLE " + Qualified(names, table.name);
  if (!table.row_security) {
    steps.push_back(OnTables(alter + " ENABLE ROW LEVEL SECURITY",
                             "Row security of " + Named(names, table) + " is disabled.",
                             "Enabled row security of " + Named(names, table) + "."));
  }
  if (!table.row_security_forced) {
    steps.push_back(OnTables(alter + " FORCE ROW LEVEL SECURITY",
                             "Row security of " + Named(names, table) + " is not forced.",
                             "Forced row security of " + Named(names, table) + "."));
  }
  AddPolicies(names, table, steps);
  if (Normalised(table.tenant_column->default_expression) != Normalised(kTenantDefault)) {
    steps.push_back(
        OnTables(alter + " ALTER COLUMN tenant_id SET DEFAULT " + kTenantDefault,
                 "Column tenant_id of " + Named(names, table) + " has no tenant as its default.",
                 "Set the default of column tenant_id of " + Named(names, table) + "."));
  }
}

bool IsText(const TenantColumn& column) {
  return column.type == "text" || column.type == "varchar";
}

// A tenant's own table with a tenant_id column holds that tenant's rows and no others.
void AddOwnColumn(const TenantNames& names, const RelationState& table, std::vector<Step>& steps) {
  if (!table.tenant_column || !IsText(*table.tenant_column)) {
    return;
  }
  const std::string alter = "ALTER TABLE " + Qualified(names, table.name);
  const std::string id = QuoteLiteral(names.id.value());
  if (Normalised(table.tenant_column->default_expression) != id) {
    steps.push_back(
        OnTables(alter + " ALTER COLUMN tenant_id SET DEFAULT " + id,
                 "Column tenant_id of " + Named(names, table) + " has no tenant as its default.",
                 "Set the default of column tenant_id of " + Named(names, table) + "."));
  }
  if (!table.has_tenant_check) {
    steps.push_back(
        OnTables(alter + " ADD CONSTRAINT " + QuoteIdentifier(kCheckName) +
                     " CHECK (tenant_id = " + id + ")",
                 "Column tenant_id of " + Named(names, table) + " is not checked.",
                 "Added the check of column tenant_id of " + Named(names, table) + "."));
  }
}

}  // namespace

std::vector<Step> MakeSchemaSteps(const DesiredStorage& desired, const ObservedStorage& observed) {
  const TenantNames& names = desired.names;
  std::vector<Step> steps;
  if (!observed.schema_owner) {
    steps.push_back(OnTables(CreateSchemaSql(names), "Schema " + names.schema + " is missing.",
                             "Made schema " + names.schema + ".", Weight::kMajor));
  } else if (*observed.schema_owner != names.owner) {
    steps.push_back(
        OnTables("ALTER SCHEMA " + QuoteIdentifier(names.schema) + " OWNER TO " +
                     QuoteIdentifier(names.owner),
                 "Owner of schema " + names.schema + " is " + *observed.schema_owner + ".",
                 "Gave schema " + names.schema + " to role " + names.owner + ".", Weight::kMajor));
  }
  for (const std::string& role : {names.app, names.reader}) {
    if (!observed.schema_users.contains(role)) {
      steps.push_back(OnTables(
          "GRANT USAGE ON SCHEMA " + QuoteIdentifier(names.schema) + " TO " + QuoteIdentifier(role),
          "Role " + role + " may not use schema " + names.schema + ".",
          "Let role " + role + " use schema " + names.schema + "."));
    }
  }
  // Shared tables are opened only once their row security is in place, one by one.
  if (!names.is_shared()) {
    AddDefaultRights(names, observed, steps);
  }
  return steps;
}

Result<std::vector<Step>> MakeRelationSteps(const DesiredStorage& desired,
                                            const ObservedStorage& observed) {
  const TenantNames& names = desired.names;
  std::vector<Step> steps;
  for (const RelationState& relation : observed.relations) {
    const bool is_data = relation.is_table() && relation.name != kHistoryTable;
    AddOwner(names, relation, steps);
    if (names.is_shared() && is_data) {
      if (!relation.tenant_column || !IsText(*relation.tenant_column)) {
        return Error{ErrorCode::kInvalid,
                     "Table " + names.schema + "." + Shorten(relation.name) +
                         " has no column tenant_id of type text, so that its rows belong to no "
                         "tenant. Add the column in a migration, or isolate the tenant by Schema.",
                     api::reason::kMigrationFailed};
      }
      AddRowSecurity(names, relation, steps);
    } else if (is_data) {
      AddOwnColumn(names, relation, steps);
    }
    AddRights(names, relation, steps);
  }
  return steps;
}

}  // namespace tenantry::agent
