#include "agent/provision/observe_tables.h"

#include <algorithm>
#include <string>
#include <vector>

#include "agent/provision/observe.h"
#include "agent/provision/plan.h"
#include "common/api/reasons.h"
#include "common/base/strings.h"

namespace tenantry::agent {
namespace {

using postgres::Rows;

bool True(const Rows& rows, std::size_t row, std::size_t column) {
  return rows.Text(row, column) == "t";
}

std::set<std::string> Words(const std::string& text) {
  std::set<std::string> words;
  for (const std::string_view word : Split(text, ',')) {
    if (!word.empty()) {
      words.emplace(word);
    }
  }
  return words;
}

Result<void> ReadSchema(postgres::Connection& connection, const TenantNames& names,
                        ObservedStorage& observed) {
  const Rows rows = TRY(connection.Execute(
      "SELECT pg_get_userbyid(n.nspowner), (SELECT string_agg(r.rolname, ',') FROM pg_roles AS r "
      "WHERE r.rolname = ANY ($2::name[]) AND has_schema_privilege(r.oid, n.oid, 'USAGE')) "
      "FROM pg_namespace AS n WHERE n.nspname = $1",
      {names.schema, NameArray({names.app, names.reader})}));
  if (!rows.empty()) {
    observed.schema_owner = rows.Text(0, 0);
    observed.schema_users = Words(rows.Text(0, 1));
  }
  return {};
}

Result<void> ReadDefaultRights(postgres::Connection& connection, const TenantNames& names,
                               ObservedStorage& observed) {
  const Rows rows = TRY(connection.Execute(
      "SELECT concat_ws(' ', pg_get_userbyid(a.grantee), d.defaclobjtype::text, a.privilege_type) "
      "FROM pg_default_acl AS d JOIN pg_namespace AS n ON n.oid = d.defaclnamespace "
      "CROSS JOIN LATERAL aclexplode(d.defaclacl) AS a "
      "WHERE n.nspname = $1 AND pg_get_userbyid(d.defaclrole) = $2",
      {names.schema, names.owner}));
  for (std::size_t i = 0; i < rows.rows.size(); ++i) {
    observed.default_rights.insert(rows.Text(i, 0));
  }
  return {};
}

// The rights of role `role` (an alias of pg_roles) to relation c, as "SELECT,INSERT".
std::string RightsExpression(const std::string& role) {
  return "CASE WHEN c.relkind = 'S' THEN (SELECT string_agg(p, ',') FROM "
         "unnest(ARRAY['SELECT','UPDATE','USAGE']) AS p WHERE has_sequence_privilege(" +
         role +
         ".oid, c.oid, p)) ELSE (SELECT string_agg(p, ',') FROM "
         "unnest(ARRAY['SELECT','INSERT','UPDATE','DELETE','TRUNCATE','REFERENCES','TRIGGER']) "
         "AS p WHERE has_table_privilege(" +
         role + ".oid, c.oid, p)) END";
}

Result<void> ReadRelations(postgres::Connection& connection, const TenantNames& names,
                           ObservedStorage& observed) {
  // Tables before sequences: the owner of a serial column's sequence follows its table's.
  const Rows rows = TRY(connection.Execute(
      "SELECT c.relname, c.relkind::text, pg_get_userbyid(c.relowner), c.relrowsecurity, "
      "c.relforcerowsecurity, t.typname, pg_get_expr(d.adbin, d.adrelid), "
      "EXISTS (SELECT FROM pg_constraint AS k WHERE k.conrelid = c.oid AND k.contype = 'c' "
      "AND k.conname = $4), " +
          RightsExpression("app") + ", " + RightsExpression("reader") +
          " FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace "
          "LEFT JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'tenant_id' "
          "AND NOT a.attisdropped LEFT JOIN pg_type AS t ON t.oid = a.atttypid "
          "LEFT JOIN pg_attrdef AS d ON d.adrelid = c.oid AND d.adnum = a.attnum "
          "LEFT JOIN pg_roles AS app ON app.rolname = $2 "
          "LEFT JOIN pg_roles AS reader ON reader.rolname = $3 "
          "WHERE n.nspname = $1 AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') "
          "ORDER BY c.relkind = 'S', c.relname",
      {names.schema, names.app, names.reader, kCheckName}));
  for (std::size_t i = 0; i < rows.rows.size(); ++i) {
    RelationState relation{.name = rows.Text(i, 0),
                           .kind = rows.Text(i, 1).at(0),
                           .owner = rows.Text(i, 2),
                           .row_security = True(rows, i, 3),
                           .row_security_forced = True(rows, i, 4)};
    if (rows.rows[i][5]) {
      relation.tenant_column = TenantColumn{rows.Text(i, 5), rows.Text(i, 6)};
    }
    relation.has_tenant_check = True(rows, i, 7);
    relation.app_rights = Words(rows.Text(i, 8));
    relation.reader_rights = Words(rows.Text(i, 9));
    observed.relations.push_back(std::move(relation));
  }
  return {};
}

Result<void> ReadPolicies(postgres::Connection& connection, const TenantNames& names,
                          ObservedStorage& observed) {
  const Rows rows = TRY(connection.Execute(
      "SELECT c.relname, p.polname, p.polpermissive, p.polcmd = '*', p.polroles = '{0}', "
      "pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid) "
      "FROM pg_policy AS p JOIN pg_class AS c ON c.oid = p.polrelid "
      "JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = $1",
      {names.schema}));
  for (std::size_t i = 0; i < rows.rows.size(); ++i) {
    const auto relation =
        std::find_if(observed.relations.begin(), observed.relations.end(),
                     [&](const RelationState& r) { return r.name == rows.Text(i, 0); });
    if (relation == observed.relations.end()) {
      continue;
    }
    relation->policies.push_back({.name = rows.Text(i, 1),
                                  .permissive = True(rows, i, 2),
                                  .for_all_commands = True(rows, i, 3),
                                  .for_everybody = True(rows, i, 4),
                                  .using_expression = rows.Text(i, 5),
                                  .check_expression = rows.Text(i, 6)});
  }
  return {};
}

Result<void> ReadMapping(postgres::Connection& connection, const TenantNames& names,
                         ObservedStorage& observed) {
  const Rows exists = TRY(
      connection.Execute("SELECT coalesce(has_table_privilege(to_regclass('tenantry.row_tenants'), "
                         "'SELECT'), false)"));
  if (!True(exists, 0, 0)) {
    return {};
  }
  const Rows rows = TRY(connection.Execute(
      "SELECT role_name, tenant_id FROM tenantry.row_tenants WHERE role_name = ANY ($1::name[])",
      {NameArray({names.app, names.second_app, names.reader})}));
  for (std::size_t i = 0; i < rows.rows.size(); ++i) {
    observed.mapped_roles[rows.Text(i, 0)] = rows.Text(i, 1);
  }
  return {};
}

// The history belongs to the owner, who could have put a view or a policy with functions of its own
// in its place; these would run with our rights. Under the lock nobody can do so any more, and only
// then is it known to be a plain table of plain types.
Result<std::vector<AppliedMigration>> ReadLockedHistory(postgres::Connection& connection,
                                                        const std::string& table) {
  TRY(connection.ExecuteScript("LOCK TABLE " + table + " IN ACCESS SHARE MODE"));
  const Rows plain = TRY(connection.Execute(
      "SELECT c.relkind = 'r' AND NOT c.relrowsecurity AND NOT c.relhasrules AND NOT "
      "c.relhassubclass AND (SELECT count(*) FROM pg_attribute AS a WHERE a.attrelid = c.oid AND "
      "a.attgenerated = '' AND ((a.attname = 'version' AND a.atttypid = 'int4'::regtype) OR "
      "(a.attname IN ('name', 'checksum') AND a.atttypid = 'text'::regtype))) = 3 "
      "FROM pg_class AS c WHERE c.oid = $1::regclass",
      {table}));
  if (plain.empty() || !True(plain, 0, 0)) {
    return Error{ErrorCode::kInvalid,
                 "Table " + table +
                     " is not the one that migrations are entered in. Put the plain table back.",
                 api::reason::kMigrationFailed};
  }
  const Rows rows =
      TRY(connection.Execute("SELECT version, name, checksum FROM " + table + " ORDER BY version"));
  std::vector<AppliedMigration> applied;
  for (std::size_t i = 0; i < rows.rows.size(); ++i) {
    applied.push_back({std::stoi(rows.Text(i, 0)), rows.Text(i, 1), rows.Text(i, 2)});
  }
  return applied;
}

Result<void> ReadHistory(postgres::Connection& connection, const TenantNames& names,
                         ObservedStorage& observed) {
  const auto history = std::find_if(observed.relations.begin(), observed.relations.end(),
                                    [](const RelationState& r) { return r.name == kHistoryTable; });
  if (history == observed.relations.end()) {
    return {};
  }
  const std::string table =
      postgres::QuoteIdentifier(names.schema) + "." + postgres::QuoteIdentifier(kHistoryTable);
  const Rows readable = TRY(connection.Execute(
      "SELECT has_schema_privilege($1, 'USAGE') AND has_table_privilege($2, 'SELECT')",
      {names.schema, table}));
  observed.history_readable = history->owner == names.owner && True(readable, 0, 0);
  if (!observed.history_readable) {
    return {};
  }
  TRY(connection.Begin());
  Result<std::vector<AppliedMigration>> applied = ReadLockedHistory(connection, table);
  connection.Rollback();
  observed.applied = TRY(std::move(applied));
  return {};
}

}  // namespace

Result<void> ObserveTables(postgres::Connection& connection, const TenantNames& names,
                           ObservedStorage& observed) {
  TRY(ReadMapping(connection, names, observed));
  TRY(ReadSchema(connection, names, observed));
  if (!observed.schema_owner) {
    return {};
  }
  TRY(ReadDefaultRights(connection, names, observed));
  TRY(ReadRelations(connection, names, observed));
  TRY(ReadPolicies(connection, names, observed));
  return ReadHistory(connection, names, observed);
}

}  // namespace tenantry::agent
