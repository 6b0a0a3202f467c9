// What an Actor does behind the operator's back.

#include <array>

#include "common/base/base64.h"
#include "tests/system/histories/actor.h"

namespace tenantry::testing {
namespace {

struct Damage {
  const char* name;
  const char* sql;  // ${ID}: the tenant's ID; ${APP}: its first login
};

// Of any isolation.
constexpr std::array kCommon = {
    Damage{"login closed", "ALTER ROLE ${APP} NOLOGIN"},
    Damage{"password changed", "ALTER ROLE ${APP} PASSWORD 'changed'"},
    Damage{"connection limit changed", "ALTER ROLE ${APP} CONNECTION LIMIT 1"},
    Damage{"search_path reset", "ALTER ROLE ${APP} RESET search_path"},
    Damage{"CONNECT revoked", "REVOKE CONNECT ON DATABASE app FROM ${APP}"},
    Damage{"reader dropped",
           "GRANT tenant_${ID}_reader TO CURRENT_USER; DROP OWNED BY tenant_${ID}_reader; "
           "DROP ROLE tenant_${ID}_reader"},
    Damage{"configuration changed",
           "UPDATE tenantry.tenants SET config = '{}' WHERE tenant_id = '${ID}'"},
    Damage{"roles untied", "DELETE FROM tenantry.row_tenants WHERE tenant_id = '${ID}'"},
    Damage{"loads forgotten", "DELETE FROM tenantry_loads.loads WHERE role_name = '${APP}'"},
    Damage{"Redis rules forgotten",
           "UPDATE tenantry.tenants SET redis_rules = NULL WHERE tenant_id = '${ID}'"},
    Damage{"sessions ended",
           "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE "
           "usename LIKE 'tenant\\_${ID}\\_%' OR (usename = current_user AND "
           "pid <> pg_backend_pid())"},
};

constexpr std::array kOfSchema = {
    Damage{"schema dropped", "DROP SCHEMA tenant_${ID} CASCADE"},
    Damage{"grant revoked",
           "SET ROLE tenant_${ID}_owner; REVOKE ALL ON tenant_${ID}.artists FROM ${APP}"},
    Damage{"schema given away", "ALTER SCHEMA tenant_${ID} OWNER TO CURRENT_USER"},
    Damage{"USAGE revoked",
           "SET ROLE tenant_${ID}_owner; REVOKE USAGE ON SCHEMA tenant_${ID} FROM ${APP}"},
};

constexpr std::array kOfSharedTables = {
    Damage{"row security disabled",
           "SET ROLE shared_music_owner; ALTER TABLE shared_music.artists DISABLE ROW LEVEL "
           "SECURITY"},
    Damage{"row security not forced",
           "SET ROLE shared_music_owner; ALTER TABLE shared_music.artists NO FORCE ROW LEVEL "
           "SECURITY"},
    Damage{"policies dropped",
           "SET ROLE shared_music_owner; DO $$ DECLARE p record; BEGIN FOR p IN SELECT policyname "
           "FROM pg_policies WHERE schemaname = 'shared_music' AND tablename = 'artists' LOOP "
           "EXECUTE format('DROP POLICY %I ON shared_music.artists', p.policyname); END LOOP; "
           "END $$"},
    Damage{"grant revoked",
           "SET ROLE shared_music_owner; REVOKE ALL ON shared_music.artists FROM ${APP}"},
};

std::string Filled(std::string sql, const std::string& id) {
  for (const auto& [what, with] :
       {std::pair<std::string, std::string>{"${APP}", "tenant_" + id + "_app"}, {"${ID}", id}}) {
    for (std::size_t at = sql.find(what); at != std::string::npos; at = sql.find(what)) {
      sql.replace(at, what.size(), with);
    }
  }
  return sql;
}

const Damage& Choose(std::uint64_t number, const std::string& isolation) {
  if (isolation == "Database" || number % 3 == 0) {
    return kCommon.at(number / 3 % kCommon.size());
  }
  return isolation == "RowLevel" ? kOfSharedTables.at(number / 3 % kOfSharedTables.size())
                                 : kOfSchema.at(number / 3 % kOfSchema.size());
}

}  // namespace

bool Actor::DoDamage(const Action& action) {
  // What is kept of a Tenant that has gone is nobody's to put right.
  if (!model_.tenant(action.slot).wanted || !model_.MayClaim(action.slot)) {
    return false;
  }
  switch (action.verb) {
    case Verb::kDamagePostgres:
      return DamagePostgres(action);
    case Verb::kDamageRedis:
      return DamageRedis(action);
    default:
      return DamageKubernetes(action);
  }
}

bool Actor::DamagePostgres(const Action& action) {
  TenantModel& model = model_.tenant(action.slot);
  const Damage& damage = Choose(action.number, model.isolation);
  model.damaged = true;
  for (int slot = 0; slot < kTenantSlots; ++slot) {
    const bool shares =
        model.isolation == "RowLevel" && model_.tenant(slot).isolation == "RowLevel";
    if (slot == action.slot || shares) {
      ledger_.DamageTenant(slot);
    }
  }
  const std::string error = Admin(Filled(damage.sql, TenantId(action.slot)));
  ledger_.Log("PostgreSQL of " + Model::TenantName(action.slot) + ": " + damage.name +
              (error.empty() ? "" : "; refused: " + error));
  return error.empty();
}

std::string Actor::Admin(const std::string& sql) {
  SqlSession session = TenantTest::SqlAsAdmin();
  const Answer limited = session.Run("SET lock_timeout = '2s'; SET client_min_messages = warning");
  return limited.ok() ? session.Run(sql).error : limited.error;
}

bool Actor::DamageRedis(const Action& action) {
  const std::string id = TenantId(action.slot);
  ledger_.DamageTenant(action.slot);
  std::vector<std::string> command;
  switch (action.number % 4) {
    case 0:
      command = {"ACL", "DELUSER", "tenant_" + id};
      break;
    case 1:
      command = {"ACL", "SETUSER", "tenant_" + id, "off"};
      break;
    case 2:
      command = {"ACL", "SETUSER", "tenant_" + id, "+@all", "~*"};
      break;
    default:
      command = {"KEYS", id + ":*"};
  }
  const bool is_setuser = command[1] == "SETUSER";
  if (is_setuser && TenantTest::RedisAsAdmin({"ACL", "GETUSER", "tenant_" + id}).first().empty()) {
    return false;  // it would make one for nobody
  }
  Answer answer = TenantTest::RedisAsAdmin(command);
  if (command[0] == "KEYS" && answer.ok()) {
    model_.tenant(action.slot).lost_keys = true;
    if (answer.rows.empty() || answer.rows[0].empty()) {
      return false;
    }
    command = answer.rows[0];
    command.insert(command.begin(), "DEL");
    answer = TenantTest::RedisAsAdmin(command);
  }
  ledger_.Log("Redis of " + Model::TenantName(action.slot) + ": " + command[0] + " " + command[1] +
              (command.size() > 3 ? " " + command[3] : "") +
              (answer.ok() ? "" : "; refused: " + answer.error));
  return answer.ok();
}

bool Actor::DamageKubernetes(const Action& action) {
  const int slot = action.slot;
  const std::string name = Model::TenantName(slot);
  const auto log = [&](const std::string& what, bool done) {
    ledger_.Log("Kubernetes: " + what + " of slot " + std::to_string(slot) +
                (done ? "" : ": there is none"));
    return done;
  };
  const auto replace = [](const std::string& path, const std::string& value) {
    return Json::array({{{"op", "replace"}, {"path", path}, {"value", value}}});
  };
  ledger_.DamageTenant(slot);
  switch (action.number % 10) {
    case 0:
      return log("binding deleted", Delete(kube::kSecrets, name + "-connection"));
    case 1:
      return log("cache binding deleted", Delete(kube::kSecrets, name + "-cache"));
    case 2:
      return log("config deleted", Delete(kube::kConfigMaps, name + "-config"));
    case 3:
      return log("host in binding edited", Patch(kube::kSecrets, name + "-connection",
                                                 replace("/data/host", EncodeBase64("nowhere"))));
    case 4:
      return log("password in binding edited",
                 Patch(kube::kSecrets, name + "-connection",
                       replace("/data/password", EncodeBase64("edited-by-hand"))));
    case 5:
      return log("user in cache binding edited",
                 Patch(kube::kSecrets, name + "-cache",
                       replace("/data/username", EncodeBase64("nobody"))));
    case 6:
      return log("config edited",
                 Patch(kube::kConfigMaps, name + "-config", replace("/data/config.json", "{}")));
    case 7:
      tenant_without_finalizer_.at(static_cast<std::size_t>(slot)) = true;
      return log("Tenant's finalizer removed", RemoveFinalizers(kube::kTenants, name));
    case 8:
      set_without_finalizer_.at(static_cast<std::size_t>(slot)) = true;
      return model_.set(slot).wanted &&
             log("FixtureSet's finalizer removed",
                 RemoveFinalizers(kube::kFixtureSets, Model::SetName(slot)));
    default:
      return log("DataStore's finalizer removed", RemoveFinalizers(kube::kDataStores, "main"));
  }
}

bool Actor::RemoveFinalizers(const kube::Resource& resource, const std::string& name) {
  return Patch(resource, name, Json::array({{{"op", "remove"}, {"path", "/metadata/finalizers"}}}));
}

}  // namespace tenantry::testing
