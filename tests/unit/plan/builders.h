#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "common/api/data_store.h"
#include "common/api/fixture_set.h"
#include "common/api/reasons.h"
#include "common/api/tenant.h"
#include "operator/plan/binding.h"
#include "operator/plan/fixture_plan.h"
#include "operator/plan/store_plan.h"
#include "operator/plan/tenant_plan.h"

// What the tests of the plans start from. Builders state only what matters; tests change the rest.
namespace tenantry::plan {

inline constexpr WallTime kNow{std::chrono::hours(24 * 365 * 56)};
inline constexpr MonotonicTime kMonotonic{std::chrono::hours(1000)};

inline api::ObjectMeta MetaOf(const std::string& name) {
  return {.ns = api::Namespace("platform"),
          .name = api::Name(name),
          .uid = api::Uid("uid-" + name),
          .resource_version = "1",
          .generation = 3};
}

inline api::Tenant TenantNamed(const std::string& name) {
  api::Tenant tenant{.meta = MetaOf(name)};
  tenant.spec.data_store = api::Name("main");
  tenant.spec.schema.template_name = "Music";
  return tenant;
}

inline StoreAccess PostgresOnly() {
  StoreAccess access{.postgres_secret = "main-admin"};
  access.postgres = {.host = "postgres.db",
                     .database = "app",
                     .user = "admin",
                     .password = Secret("admin-password")};
  return access;
}

inline StoreAccess PostgresAndRedis() {
  StoreAccess access = PostgresOnly();
  access.redis =
      api::RedisAccess{.host = "redis.db", .user = "root", .password = Secret("redis-password")};
  access.redis_secret = "main-redis";
  return access;
}

inline TenantObserved ObservedTenant(const std::string& name = "acme") {
  TenantObserved observed{.tenant = TenantNamed(name), .store_exists = true};
  observed.store = PostgresAndRedis();
  observed.effective.config_json = R"({"tier":"Standard"})";
  return observed;
}

inline Credentials FreshCredentials(const std::string& tag = "fresh") {
  return {.username = "",
          .password = Secret(tag + "-password"),
          .cache_password = Secret(tag + "-cache-password")};
}

inline Error Retryable(const std::string& reason, const std::string& message = "It is away.") {
  return {ErrorCode::kUnavailable, message, reason};
}

inline Error Hopeless(const std::string& reason, const std::string& message = "It is wrong.") {
  return {ErrorCode::kInvalid, message, reason};
}

inline api::LoadDataset DatasetOf(const std::string& name, const std::string& text) {
  api::LoadDataset load;
  load.dataset.name = name;
  load.dataset.source.inline_text = text;
  load.dataset.target.table = name;
  return load;
}

inline CoveredTenant CoveredNamed(const std::string& name) {
  CoveredTenant covered{.name = api::Name(name),
                        .uid = api::Uid("uid-" + name),
                        .id = api::TenantId(name),
                        .incarnation = "first",
                        .schema = "tenant_" + name};
  covered.postgres = {.host = "postgres.db", .database = "app", .user = "tenant_" + name + "_app"};
  return covered;
}

// A FixtureSet of one dataset that covers these tenants by a label.
inline FixtureObserved ObservedSet(const std::vector<std::string>& tenants) {
  FixtureObserved observed{.set = {.meta = MetaOf("catalog")}};
  observed.set.meta.finalizers = {api::kFixtureSetFinalizer};
  observed.set.spec.tenant_labels.emplace();
  observed.set.spec.datasets = {DatasetOf("albums", "[]").dataset};
  observed.datasets = {DatasetOf("albums", "[]")};
  for (const std::string& name : tenants) {
    observed.tenants.push_back(CoveredNamed(name));
  }
  return observed;
}

inline StoreObserved ObservedStore() {
  StoreObserved observed{.store = {.meta = MetaOf("main")}};
  observed.store.meta.finalizers = {api::kDataStoreFinalizer};
  observed.store.spec.redis.emplace();
  observed.access =
      api::StoreSpec{.postgres = PostgresAndRedis().postgres, .redis = PostgresAndRedis().redis};
  return observed;
}

inline void SetReady(std::vector<api::Condition>* conditions, std::int64_t generation) {
  conditions->push_back({.type = api::condition::kReady,
                         .status = api::ConditionStatus::kTrue,
                         .observed_generation = generation,
                         .last_transition_time = "2020-01-01T00:00:00Z",
                         .reason = api::reason::kSucceeded,
                         .message = "Succeeded"});
}

}  // namespace tenantry::plan
