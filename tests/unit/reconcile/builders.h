#pragma once

#include <string>

#include "common/api/data_store.h"
#include "common/api/fixture_set.h"
#include "common/api/reasons.h"
#include "common/api/tenant.h"
#include "operator/reconcile/world.h"

// Objects for the tests of the shell; each states only what matters.
namespace tenantry::reconcile {

inline api::ObjectKey KeyOf(const std::string& name, const std::string& ns = "platform") {
  return {api::Namespace(ns), api::Name(name)};
}

inline api::ObjectMeta MetaOf(const std::string& name, const std::string& ns = "platform") {
  return {.ns = api::Namespace(ns),
          .name = api::Name(name),
          .uid = api::Uid("uid-" + name),
          .resource_version = "1",
          .generation = 1,
          .creation_timestamp = "2026-01-01T00:00:00Z"};
}

inline api::Tenant TenantOf(const std::string& name, const std::string& store = "main") {
  api::Tenant tenant{.meta = MetaOf(name)};
  tenant.spec.data_store = api::Name(store);
  return tenant;
}

inline api::DataStore StoreOf(const std::string& name) {
  api::DataStore store{.meta = MetaOf(name)};
  store.spec.postgres = {.host = "postgres.db", .admin_secret = name + "-admin"};
  return store;
}

inline api::FixtureSet SetFor(const std::string& name, const std::string& tenant) {
  api::FixtureSet set{.meta = MetaOf(name)};
  set.spec.tenant = tenant;
  return set;
}

inline AgentPod PodOf(const std::string& name, const std::string& store = "main") {
  AgentPod pod{.meta = MetaOf(name), .ip = "10.0.0.1", .ready = true};
  pod.meta.labels = {{api::kAgentLabel, store}};
  return pod;
}

inline void MakeReady(std::vector<api::Condition>* conditions) {
  conditions->push_back({.type = api::condition::kReady,
                         .status = api::ConditionStatus::kTrue,
                         .reason = api::reason::kSucceeded});
}

// The same object, one version later.
template <class T>
T Next(T object) {
  object.meta.resource_version = std::to_string(std::stoi(object.meta.resource_version) + 1);
  return object;
}

}  // namespace tenantry::reconcile
