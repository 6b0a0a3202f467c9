#include "tests/system/histories/survey.h"

#include <gtest/gtest.h>

#include <fstream>

#include "common/net/http_client.h"
#include "tests/system/histories/watcher.h"

namespace tenantry::testing {

std::map<std::string, Json> ObjectsOf(const TenantTest& test, const kube::Resource& resource) {
  std::map<std::string, Json> objects;
  const auto listed = Programs::Instance().kube().List(
      resource, {.ns = api::Namespace(test.ns())}, [&](Json object) {
        const std::string name = object["metadata"]["name"];
        objects.emplace(name, std::move(object));
        return true;
      });
  EXPECT_TRUE(listed) << listed.error().message;
  return objects;
}

std::string ReadText(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> Survey::WorkInProgress() const {
  std::vector<std::string> found;
  const Answer locks = TenantTest::QueryAsAdmin(
      "SELECT format('lock %s of %s', l.objid, a.usename) FROM pg_locks AS l "
      "LEFT JOIN pg_stat_activity AS a USING (pid) WHERE l.locktype = 'advisory'");
  EXPECT_TRUE(locks.ok()) << locks.error;
  for (const auto& row : locks.rows) {
    found.push_back(row.at(0));
  }
  const std::filesystem::path& pki = Programs::Instance().cluster().pki;
  const auto client = net::HttpClient::Make(
      {.base_url = "https://127.0.0.1:" + std::to_string(Programs::Instance().agent_port()),
       .tls = {.ca_pem = ReadText(pki / "ca.crt"),
               .certificate_pem = ReadText(pki / "operator.crt"),
               .key_pem = ReadText(pki / "operator.key")}});
  EXPECT_TRUE(client) << client.error().message;
  const auto answer = (*client)->Send({.path = "/v1/tasks"});
  if (!answer || answer->status != 200) {
    found.push_back("tasks: " + (answer ? answer->body : answer.error().message));
    return found;
  }
  const Json tasks = Json::parse(answer->body);
  for (const Json& task : tasks.is_array() ? tasks : tasks["tasks"]) {
    if (task["state"] == "Queued" || task["state"] == "Running") {
      found.push_back("task " + task["id"].get<std::string>() + " " +
                      task["state"].get<std::string>());
    }
  }
  return found;
}

namespace {

// What of Ready is not as it should be; empty: nothing.
std::string Difference(const Json& object, const std::optional<Verdict>& expected, bool suspended) {
  const Json status = object.value("status", Json::object());
  if (status.value("observedGeneration", std::int64_t{-1}) != object["metadata"]["generation"]) {
    return "its last generation is not observed";
  }
  for (const Json& condition : status.value("conditions", Json::array())) {
    if (condition["type"] != "Ready") {
      continue;
    }
    const Verdict seen{condition["status"], condition["reason"]};
    const bool right = expected ? seen == *expected : suspended ? seen.reason == "Suspended" : true;
    return right ? ""
                 : "Ready=" + seen.status + "/" + seen.reason + " instead of " +
                       (expected ? expected->status + "/" + expected->reason : "Suspended") + ": " +
                       condition["message"].get<std::string>();
  }
  return "it has no Ready";
}

}  // namespace

std::vector<std::string> Survey::StatusesThatDiffer() const {
  std::vector<std::string> differences;
  const auto compare = [&](const std::map<std::string, Json>& objects, const std::string& name,
                           bool wanted, bool may_stay, const std::optional<Verdict>& expected,
                           bool suspended) {
    const auto found = objects.find(name);
    const bool exists = found != objects.end();
    if (exists != wanted) {
      if (!may_stay) {
        differences.push_back(name + (wanted ? ": has gone" : ": is still there: ") +
                              (exists ? found->second.dump() : ""));
      }
      return;
    }
    const std::string difference = wanted ? Difference(found->second, expected, suspended) : "";
    if (!difference.empty()) {
      differences.push_back(name + ": " + difference);
    }
  };
  const auto tenants = ObjectsOf(test_, kube::kTenants);
  const auto sets = ObjectsOf(test_, kube::kFixtureSets);
  for (int slot = 0; slot < kTenantSlots; ++slot) {
    const TenantModel& tenant = model_.tenant(slot);
    compare(tenants, Model::TenantName(slot), tenant.wanted, false, model_.VerdictOfTenant(slot),
            tenant.suspended);
    const SetModel& set = model_.set(slot);
    compare(sets, Model::SetName(slot), set.wanted, !set.wanted && model_.MayBlockDeletion(slot),
            model_.VerdictOfSet(slot), set.suspended);
  }
  return differences;
}

std::vector<std::string> Survey::DataThatDiffers() const {
  std::vector<std::string> differences;
  for (int slot = 0; slot < kTenantSlots; ++slot) {
    if (!model_.IsReady(slot)) {
      continue;
    }
    SqlSession session = LoginOf(test_.SecretData(Model::TenantName(slot) + "-connection"));
    CompareLogin(slot, &session, &differences);
    const Answer answer = session.Run("SELECT artist_id, name FROM artists");
    std::map<std::string, std::string> rows;
    for (const auto& row : answer.rows) {
      rows[row.at(0)] = row.at(1);
    }
    CompareRows(slot, rows, &differences);
    CompareKeys(slot, &differences);
  }
  return differences;
}

void Survey::CompareLogin(int tenant, SqlSession* session,
                          std::vector<std::string>* differences) const {
  const TenantModel& model = model_.tenant(tenant);
  const Answer answer = session->Run(
      "SELECT rolconnlimit, (SELECT config #> '{config,revision}' FROM tenantry.my_config), "
      "(SELECT config -> 'tier' FROM tenantry.my_config) FROM pg_roles "
      "WHERE rolname = session_user");
  const std::string name = Model::TenantName(tenant);
  if (!answer.ok() || answer.rows.empty()) {
    differences->push_back(name + ": its login fails: " + answer.error);
    return;
  }
  const std::vector<std::string> expected = {
      std::to_string(model.connections), std::to_string(model.revision), Json(model.tier).dump()};
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (answer.rows[0].at(i) != expected[i]) {
      differences->push_back(name + ": PostgreSQL has " + answer.rows[0][i] + " instead of " +
                             expected[i]);
    }
  }
  const Json config = test_.Get("configmap", name + "-config");
  const Json::json_pointer path("/data/config.json");
  const Json published = config.is_object() && config.contains(path)
                             ? Json::parse(config[path].get<std::string>(), nullptr, false)
                             : Json();
  if (!published.is_object() || published["config"]["revision"] != model.revision) {
    differences->push_back(name + ": its ConfigMap says " + published.dump());
  }
}

void Survey::CompareRows(int tenant, const std::map<std::string, std::string>& rows,
                         std::vector<std::string>* differences) const {
  const std::string name = Model::TenantName(tenant);
  const TenantModel& model = model_.tenant(tenant);
  const auto has = [&](const std::string& prefix) {
    const auto found = rows.lower_bound(prefix);
    return found != rows.end() && found->first.starts_with(prefix);
  };
  for (int slot = 0; slot < kSetSlots; ++slot) {
    const auto expected = model_.RowsOf(slot);
    if (expected && model_.Covers(slot, tenant)) {
      for (int i = 0; i < kRowsPerSet; ++i) {
        const auto row = rows.find(expected->prefix + std::to_string(i));
        if (row == rows.end() || row->second != expected->name) {
          differences->push_back(name + ": row " + expected->prefix + std::to_string(i) + " is " +
                                 (row == rows.end() ? "missing" : row->second) + " instead of " +
                                 expected->name);
        }
      }
    }
    for (const int life : model_.set(slot).clean_lives) {
      const std::string prefix = Model::InlinePrefix(slot, life);
      if (!model.found_data && !model.changed_group && has(prefix)) {
        differences->push_back(name + ": rows " + prefix + " are there after their Unload");
      }
    }
  }
}

void Survey::CompareKeys(int tenant, std::vector<std::string>* differences) const {
  const TenantModel& model = model_.tenant(tenant);
  const std::string id = TenantId(tenant);
  Facts keys;
  for (const auto& row : TenantTest::RedisAsAdmin({"KEYS", id + ":*"}).rows) {
    keys.insert(row.begin(), row.end());
  }
  const auto prefix_of = [&](int slot, int life) {
    return id + ":" + Model::SetName(slot) + "l" + std::to_string(life) + ":";
  };
  for (int slot = 0; slot < kSetSlots; ++slot) {
    const SetModel& set = model_.set(slot);
    const auto rows = model_.RowsOf(slot);
    if (rows && set.has_redis && model_.Covers(slot, tenant) && !model.lost_keys) {
      const std::string key = prefix_of(slot, set.life) + rows->prefix + "0";
      if (!keys.contains(key)) {
        differences->push_back("Redis key " + key + " is missing");
      }
    }
    for (const int life : set.clean_lives) {
      const auto found = keys.lower_bound(prefix_of(slot, life));
      if (!model.found_data && !model.changed_group && found != keys.end() &&
          found->starts_with(prefix_of(slot, life))) {
        differences->push_back("Redis key " + *found + " is there after its Unload");
      }
    }
  }
}

}  // namespace tenantry::testing
