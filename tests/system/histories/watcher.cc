#include "tests/system/histories/watcher.h"

#include <gtest/gtest.h>

#include <optional>

namespace tenantry::testing {
namespace {

const Json* ReadyOf(const Json& object) {
  const Json::json_pointer path("/status/conditions");
  if (object.contains(path)) {
    for (const Json& condition : object[path]) {
      if (condition["type"] == "Ready") {
        return &condition;
      }
    }
  }
  return nullptr;
}

// Says that the last spec is in effect, and not only that it is suspended as it was.
bool IsReadyNow(const Json& object) {
  const Json* ready = ReadyOf(object);
  return ready != nullptr && (*ready)["status"] == "True" && (*ready)["reason"] == "Succeeded" &&
         (*ready)["observedGeneration"] == object["metadata"]["generation"] &&
         !object["metadata"].contains("deletionTimestamp");
}

std::string NameOf(const Json& object) { return object["metadata"]["name"]; }

std::string Described(const Json& object) {
  return object.value("kind", "") + " " + NameOf(object) + " (UID " +
         object["metadata"].value("uid", "") + ", version " +
         object["metadata"].value("resourceVersion", "") + ")";
}

// "t7" → 7; -1: no name of ours.
int SlotOf(const std::string& name) {
  const bool ours = name.size() > 1 && name.find_first_not_of("0123456789", 1) == std::string::npos;
  return ours ? std::stoi(name.substr(1)) : -1;
}

}  // namespace

SqlSession LoginOf(const std::map<std::string, std::string>& secret) {
  for (const char* key : {"database", "username", "password"}) {
    if (!secret.contains(key)) {
      return SqlSession::None("the binding has no " + std::string(key));
    }
  }
  const ClusterEnvironment& cluster = Programs::Instance().cluster();
  return SqlSession({{"host", cluster.postgres.host},
                     {"port", std::to_string(cluster.postgres.port)},
                     {"dbname", secret.at("database")},
                     {"user", secret.at("username")},
                     {"password", secret.at("password")},
                     {"sslmode", "require"},
                     {"connect_timeout", "20"}});
}

Watcher::Watcher(const TenantTest& test, Ledger& ledger) : test_(test), ledger_(ledger) {
  const auto follow = [&](const kube::Resource& resource) {
    const auto version = Programs::Instance().kube().List(
        resource, {.ns = api::Namespace(test_.ns())}, [](const Json&) { return true; });
    EXPECT_TRUE(version) << version.error().message;
    return std::jthread([this, resource, from = version ? *version : ""](std::stop_token stop) {
      Follow(resource, from, std::move(stop));
    });
  };
  tenants_ = follow(kube::kTenants);
  sets_ = follow(kube::kFixtureSets);
  worker_ = std::jthread([this](const std::stop_token& stop) { Work(stop); });
}

Watcher::~Watcher() {
  for (std::jthread* thread : {&tenants_, &sets_, &worker_}) {
    thread->request_stop();
  }
  arrived_.notify_all();
}

Watcher::Counts Watcher::counts() const {
  const MutexLock lock(mutex_);
  return counts_;
}

void Watcher::CountLook() {
  const MutexLock lock(mutex_);
  ++counts_.looks;
}

void Watcher::Follow(const kube::Resource& resource, const std::string& version,
                     std::stop_token stop) {
  kube::WatchOptions options{.list = {.ns = api::Namespace(test_.ns())},
                             .resource_version = version};
  while (!stop.stop_requested()) {
    const auto ended =
        Programs::Instance().kube().Watch(resource, options, stop, [&](kube::WatchEvent event) {
          options.resource_version = event.resource_version;
          const bool is_object = event.type == kube::WatchEventType::kAdded ||
                                 event.type == kube::WatchEventType::kModified;
          if (is_object) {
            Take(event.object);
          }
          return true;
        });
    if (!ended && ended.error().code == ErrorCode::kConflict) {
      ledger_.Blame("the watch of " + resource.plural + " missed changes");
      return;
    }
  }
}

void Watcher::Take(const Json& object) {
  CheckGenerations(object);
  const bool ready = IsReadyNow(object);
  const MutexLock lock(mutex_);
  ++counts_.statuses;
  const std::string key = object.value("kind", "") + "/" + NameOf(object);
  if (ready) {
    due_[key] = object;
    arrived_.notify_all();
  } else {
    due_.erase(key);
  }
}

void Watcher::CheckGenerations(const Json& object) {
  const std::int64_t generation = object["metadata"]["generation"];
  const Json status = object.value("status", Json::object());
  const std::int64_t observed = status.value("observedGeneration", std::int64_t{-1});
  const std::string who = Described(object) + ": ";
  std::int64_t before = -1;
  {
    const MutexLock lock(mutex_);
    const std::string uid = object["metadata"]["uid"];
    before = observed_.contains(uid) ? observed_[uid] : -1;
    observed_[uid] = observed;
  }
  if (observed > generation) {
    ledger_.Blame(who + "observedGeneration " + std::to_string(observed) + " of generation " +
                  std::to_string(generation));
  }
  if (observed < before) {
    ledger_.Blame(who + "observedGeneration went back from " + std::to_string(before) + " to " +
                  std::to_string(observed));
  }
  for (const Json& condition : status.value("conditions", Json::array())) {
    if (condition.value("observedGeneration", std::int64_t{-1}) > observed) {
      ledger_.Blame(who + "a condition knows more than the status: " + condition.dump());
    }
  }
  const Json* ready = ReadyOf(object);
  if (ready != nullptr && (*ready)["observedGeneration"] != observed) {
    ledger_.Blame(who + "Ready is not of generation " + std::to_string(observed) + ": " +
                  ready->dump());
  }
}

void Watcher::Work(const std::stop_token& stop) {
  for (;;) {
    Json object;
    {
      const MutexLock lock(mutex_);
      arrived_.wait(mutex_, [&] { return stop.stop_requested() || !due_.empty(); });
      if (stop.stop_requested()) {
        return;
      }
      object = std::move(due_.extract(due_.begin()).mapped());
    }
    if (SlotOf(NameOf(object)) < 0) {
      continue;
    }
    object["kind"] == "Tenant" ? LookAtTenant(object) : LookAtSet(object);
  }
}

bool Watcher::IsStill(const char* kind, const Json& object) const {
  const Json now = test_.Get(kind, NameOf(object));
  return now.is_object() && now["metadata"]["uid"] == object["metadata"]["uid"] &&
         now["metadata"]["generation"] == object["metadata"]["generation"] && IsReadyNow(now);
}

void Watcher::LookAtTenant(const Json& object) {
  const int slot = SlotOf(NameOf(object));
  ledger_.SawReady(slot, object["metadata"]["generation"]);
  const std::optional<int> mark = ledger_.TenantMark(slot);
  if (!mark) {
    return;
  }
  const std::string doubt = Doubt(object);
  if (ledger_.TenantMark(slot) != mark || !IsStill("tenant", object)) {
    return;  // somebody changed it meanwhile
  }
  CountLook();
  if (!doubt.empty()) {
    ledger_.Blame(Described(object) + " is Ready, but " + doubt);
  }
}

std::string Watcher::Doubt(const Json& tenant) const {
  const auto secret = test_.SecretData(NameOf(tenant) + "-connection");
  SqlSession session = LoginOf(secret);
  const Answer seen = session.Run(
      "SELECT (SELECT rolconnlimit FROM pg_roles WHERE rolname = session_user), "
      "(SELECT config #> '{config,revision}' FROM tenantry.my_config), (SELECT count(*) FROM "
      "artists)");
  if (!seen.ok()) {
    return "its login fails: " + seen.error;
  }
  if (seen.rows.empty()) {
    return "its login sees nothing";
  }
  const Json& spec = tenant["spec"];
  const std::string limit = spec["limits"]["connections"].dump();
  const std::string revision = spec["config"]["revision"].dump();
  if (seen.rows[0].at(0) != limit) {
    return "its connection limit is " + seen.rows[0].at(0) + " instead of " + limit;
  }
  if (seen.rows[0].at(1) != revision) {
    return "its revision is " + seen.rows[0].at(1) + " instead of " + revision;
  }
  const auto cache = test_.SecretData(NameOf(tenant) + "-cache");
  if (!cache.contains("password")) {
    return "it has no cache binding";
  }
  const api::RedisAccess& redis = Programs::Instance().cluster().redis;
  const Answer value =
      RedisSession(redis.host, redis.port, cache.at("username"), cache.at("password"))
          .Run({"GET", cache.at("prefix") + "nothing"});
  return value.ok() ? "" : "its cache refuses it: " + value.error;
}

void Watcher::LookAtSet(const Json& object) {
  for (const Json& tenant : object["status"].value("tenants", Json::array())) {
    const int slot = SlotOf(tenant["name"]);
    if (slot >= 0) {
      LookAtRows(object, slot);
    }
  }
}

void Watcher::LookAtRows(const Json& set, int tenant) {
  const Json& source = set["spec"]["datasets"][0]["source"];
  const auto mark = ledger_.MarkOfSetAt(SlotOf(NameOf(set)), tenant);
  if (!mark || mark->generation != set["metadata"]["generation"] || !source.contains("inline")) {
    return;
  }
  const Json rows = Json::parse(source["inline"].get<std::string>());
  const std::string name = rows[0]["name"];
  const std::string id = rows[0]["artist_id"];
  const std::string prefix = id.substr(0, id.find('-') + 1);
  SqlSession session = LoginOf(test_.SecretData(Model::TenantName(tenant) + "-connection"));
  const Answer seen = session.Run("SELECT count(*) FROM artists WHERE artist_id LIKE '" + prefix +
                                  "%' AND name = '" + name + "'");
  if (ledger_.MarkOfSetAt(SlotOf(NameOf(set)), tenant) != mark || !IsStill("fixtureset", set)) {
    return;
  }
  CountLook();
  if (seen.first() != std::to_string(rows.size())) {
    ledger_.Blame(Described(set) + " is Ready, but Tenant " + Model::TenantName(tenant) + " has " +
                  (seen.ok() ? seen.first() + " of its rows " + prefix + " " + name : seen.error));
  }
}

}  // namespace tenantry::testing
