// What there is, and what there should be, as a set of lines.

#include <gtest/gtest.h>

#include "tests/system/histories/survey.h"

namespace tenantry::testing {
namespace {

// Row security hides nothing from it.
SqlSession Superuser() {
  const ClusterEnvironment& cluster = Programs::Instance().cluster();
  std::string password = ReadText(cluster.directory / "postgres/server/superuser.password");
  password.erase(password.find_last_not_of('\n') + 1);
  return SqlSession({{"host", cluster.postgres.host},
                     {"port", std::to_string(cluster.postgres.port)},
                     {"dbname", cluster.postgres.database},
                     {"user", "postgres"},
                     {"password", password},
                     {"sslmode", "require"}});
}

constexpr char kFacts[] = R"(
SELECT 'role ' || rolname FROM pg_roles WHERE strpos(rolname, '${S}_') > 0
UNION ALL SELECT 'open role ' || rolname FROM pg_roles
  WHERE strpos(rolname, '${S}_') > 0 AND rolcanlogin
UNION ALL SELECT 'schema ' || nspname FROM pg_namespace WHERE nspname LIKE '%' || '${S}'
UNION ALL SELECT 'database ' || datname FROM pg_database WHERE datname LIKE '%' || '${S}'
UNION ALL SELECT 'catalogue ' || tenant_id || ' ' || state FROM tenantry.tenants
  WHERE tenant_id LIKE '%' || '${S}'
UNION ALL SELECT 'owner of ' || tenant_id || ' ' || owner_uid FROM tenantry.tenants
  WHERE tenant_id LIKE '%' || '${S}' AND state = 'Active'
UNION ALL SELECT 'tied role ' || role_name FROM tenantry.row_tenants
  WHERE tenant_id LIKE '%' || '${S}'
UNION ALL SELECT DISTINCT 'loads of ' || tenant_id FROM tenantry.loads
  WHERE tenant_id LIKE '%' || '${S}'
UNION ALL SELECT DISTINCT 'loads of ' || substring(role_name::text, 'tenant_(.*)_app')
  FROM tenantry_loads.loads WHERE strpos(role_name, '${S}_') > 0
UNION ALL SELECT DISTINCT 'loaded rows of ' || tenant_id FROM tenantry.loaded_rows
  WHERE tenant_id LIKE '%' || '${S}')";
constexpr char kSharedFacts[] =
    "SELECT DISTINCT 'shared rows of ' || tenant_id FROM shared_music.artists "
    "WHERE tenant_id LIKE '%' || '${S}'";

std::string Filled(std::string sql, std::string suffix) {
  for (std::size_t at = suffix.find('_'); at != std::string::npos; at = suffix.find('_', at + 2)) {
    suffix.insert(at, "\\");
  }
  const std::string plain = "strpos(rolname, '${S}_')";
  for (std::size_t at = sql.find(plain); at != std::string::npos; at = sql.find(plain)) {
    std::string literal = suffix;
    std::erase(literal, '\\');
    sql.replace(at, plain.size(), "strpos(rolname, '" + literal + "_')");
  }
  for (std::size_t at = sql.find("${S}"); at != std::string::npos; at = sql.find("${S}")) {
    sql.replace(at, 4, suffix);
  }
  return sql;
}

void AddRows(const Answer& answer, Facts* facts) {
  EXPECT_TRUE(answer.ok()) << answer.error;
  for (const auto& row : answer.rows) {
    facts->insert(row.at(0));
  }
}

void AddRedis(const std::string& suffix, Facts* facts) {
  const Answer users = TenantTest::RedisAsAdmin({"ACL", "LIST"});
  EXPECT_TRUE(users.ok()) << users.error;
  for (const auto& row : users.rows) {
    for (const std::string& line : row) {  // "user tenant_x on …"
      const std::string name = line.substr(5, line.find(' ', 5) - 5);
      if (name.ends_with(suffix)) {
        facts->insert("Redis user " + name);
        if (line.find(" on ") != std::string::npos) {
          facts->insert("open Redis user " + name);
        }
      }
    }
  }
  for (const auto& row : TenantTest::RedisAsAdmin({"KEYS", "*" + suffix + ":*"}).rows) {
    for (const std::string& key : row) {
      facts->insert("Redis keys of " + key.substr(0, key.find(':')));
    }
  }
}

void AddOwned(const TenantTest& test, const kube::Resource& resource, Facts* facts) {
  for (const auto& [name, object] : ObjectsOf(test, resource)) {
    if (object["metadata"].contains("ownerReferences")) {
      facts->insert(resource.kind + " " + name);
    }
  }
}

}  // namespace

Facts Survey::SeenFacts() const {
  const std::string suffix = test_.Unique("");
  Facts facts;
  SqlSession superuser = Superuser();
  AddRows(superuser.Run(Filled(kFacts, suffix)), &facts);
  if (!superuser.Run("SELECT to_regclass('shared_music.artists')").first().empty()) {
    AddRows(superuser.Run(Filled(kSharedFacts, suffix)), &facts);
  }
  AddRedis(suffix, &facts);
  AddOwned(test_, kube::kSecrets, &facts);
  AddOwned(test_, kube::kConfigMaps, &facts);
  for (const kube::Resource& resource : {kube::kTenants, kube::kFixtureSets}) {
    for (const auto& [name, object] : ObjectsOf(test_, resource)) {
      facts.insert(resource.kind + " " + name);
    }
  }
  return facts;
}

// What a Tenant that is not Ready, or has gone, may have, too, when it once was.
void Survey::ExpectStorage(const std::string& id, const std::string& isolation,
                           Facts* facts) const {
  const std::string roles = "tenant_" + id;
  facts->insert({"role " + roles + "_app", "role " + roles + "_reader"});
  if (isolation != "RowLevel") {
    facts->insert("role " + roles + "_owner");
  }
  if (isolation == "Schema") {
    facts->insert("schema " + roles);
  } else if (isolation == "Database") {
    facts->insert("database " + roles);
  }
}

void Survey::ExpectRemains(int slot, Expected* expected) const {
  const TenantModel& model = model_.tenant(slot);
  const std::string id = TenantId(slot);
  const std::string roles = "tenant_" + id;
  const bool certain = model.wanted || !model.remains.none_is_right;
  const std::string isolation = model.wanted ? *model.found_data : model.remains.isolation;
  (certain ? expected->must : expected->may).insert("catalogue " + id + " Retained");
  const bool whole = !model.wanted && certain && model.remains.whole;
  ExpectStorage(id, isolation, whole ? &expected->must : &expected->may);
  expected->may.insert({"role " + roles + "_app_2", "Redis user " + roles, "loads of " + id,
                        "loaded rows of " + id, "shared rows of " + id, "Redis keys of " + id,
                        "tied role " + roles + "_app", "tied role " + roles + "_app_2",
                        "tied role " + roles + "_reader"});
}

void Survey::ExpectTenant(int slot, Expected* expected) const {
  const TenantModel& model = model_.tenant(slot);
  const std::string id = TenantId(slot);
  const std::string name = Model::TenantName(slot);
  const std::string roles = "tenant_" + id;
  expected->must.insert("Tenant " + name);
  const Facts objects = {"Secret " + name + "-connection", "Secret " + name + "-cache",
                         "ConfigMap " + name + "-config"};
  if (!model_.MayClaim(slot)) {
    expected->may.insert(objects.begin(), objects.end());
    return ExpectRemains(slot, expected);
  }
  Facts& facts = model_.IsReady(slot) ? expected->must : expected->may;
  facts.insert(objects.begin(), objects.end());
  ExpectStorage(id, model.isolation, &facts);
  facts.insert({"catalogue " + id + " Active", "Redis user " + roles, "open Redis user " + roles});
  const Json object = test_.Get("tenant", name);
  if (object.is_object()) {
    facts.insert("owner of " + id + " " + object["metadata"]["uid"].get<std::string>());
  }
  if (model.isolation != "Database") {
    facts.insert({"tied role " + roles + "_app", "tied role " + roles + "_app_2",
                  "tied role " + roles + "_reader"});
  }
  expected->may.insert({"role " + roles + "_app_2", "open role " + roles + "_app",
                        "open role " + roles + "_app_2", "loads of " + id, "loaded rows of " + id,
                        "shared rows of " + id, "Redis keys of " + id});
  if (model.found_data && !model_.IsReady(slot)) {
    expected->may.insert("catalogue " + id + " Retained");
  }
}

Survey::Expected Survey::ExpectedFacts() const {
  Expected expected;
  for (int slot = 0; slot < kTenantSlots; ++slot) {
    const TenantModel& model = model_.tenant(slot);
    if (model.wanted) {
      ExpectTenant(slot, &expected);
    } else if (model.remains.data_is_right) {
      ExpectRemains(slot, &expected);
    }
    if (model_.set(slot).wanted) {
      expected.must.insert("FixtureSet " + Model::SetName(slot));
    } else if (model_.MayBlockDeletion(slot)) {
      expected.may.insert("FixtureSet " + Model::SetName(slot));
    }
  }
  return expected;
}

std::vector<std::string> Survey::FactsThatDiffer() const {
  const Facts seen = SeenFacts();
  const Expected expected = ExpectedFacts();
  std::vector<std::string> differences;
  for (const std::string& fact : expected.must) {
    if (!seen.contains(fact)) {
      differences.push_back("missing: " + fact);
    }
  }
  for (const std::string& fact : seen) {
    if (!expected.must.contains(fact) && !expected.may.contains(fact)) {
      differences.push_back("orphan: " + fact);
    }
  }
  return differences;
}

}  // namespace tenantry::testing
