#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "common/api/codec.h"

namespace tenantry::api {
namespace {

using nlohmann::json;

Condition ReadyCondition() {
  return {.type = "Ready",
          .status = ConditionStatus::kTrue,
          .observed_generation = 3,
          .last_transition_time = "2026-11-21T12:00:00Z",
          .reason = "Succeeded",
          .message = ""};
}

DatasetStatus FullDatasetStatus() {
  return {
      .name = "albums",
      .counters =
          {.read = 15, .inserted = 1, .updated = 2, .unchanged = 3, .skipped = 4, .rejected = 5},
      .bytes = 4096,
      .rows_per_second = 700,
      .checksum = "9f3c"};
}

DataStoreStatus FullDataStoreStatus() {
  return {.observed_generation = 3,
          .conditions = {ReadyCondition()},
          .postgres_version = "15.18",
          .redis_version = "7.0.15",
          .tenants = 4,
          .agents_ready = 2,
          .last_handled_reconcile_at = "now"};
}

TenantStatus FullTenantStatus() {
  return {.observed_generation = 3,
          .conditions = {ReadyCondition()},
          .tenant_id = "acme",
          .binding = "acme-connection",
          .cache_binding = "acme-cache",
          .schema_version = "3",
          .storage_size = "48Mi",
          .usage = {.storage_bytes = 50331648, .rows = 154321, .connections = 4},
          .agent_name = "main-0",
          .agent_version = "0.1.0",
          .provisioned_hash = "h1",
          .incarnation = "i1",
          .last_handled_reconcile_at = "r",
          .last_handled_rotation = "k"};
}

FixtureSetStatus FullFixtureSetStatus() {
  return {.observed_generation = 3,
          .conditions = {ReadyCondition()},
          .tenants = {{.name = "acme",
                       .loaded_hash = "h2",
                       .message = "waits",
                       .datasets = {FullDatasetStatus()}}},
          .datasets = {FullDatasetStatus()},
          .tenants_ready = "0/1",
          .progress = "50%",
          .rows = 15,
          .rejected = 5,
          .last_handled_reconcile_at = "r"};
}

template <class Resource, class Status>
Status DecodeStatus(const Status& status, json spec, Result<Resource> (*decode)(const json&)) {
  const json object = {
      {"metadata", {{"name", "x"}}}, {"spec", std::move(spec)}, {"status", EncodeStatus(status)}};
  const Result<Resource> resource = decode(object);
  EXPECT_TRUE(resource) << resource.error().message;
  return resource ? resource->status : Status{};
}

const json kDataStoreSpec = {{"postgres", {{"host", "db"}, {"adminSecretRef", {{"name", "a"}}}}}};
const json kTenantSpec = {{"dataStoreRef", {{"name", "main"}}}};
const json kFixtureSetSpec = {{"tenantRef", {{"name", "acme"}}}, {"datasets", json::array()}};

TEST(EncodeStatus, IsReadBackWithEveryField) {
  EXPECT_EQ(DecodeStatus(FullDataStoreStatus(), kDataStoreSpec, &DecodeDataStore),
            FullDataStoreStatus());
  EXPECT_EQ(DecodeStatus(FullTenantStatus(), kTenantSpec, &DecodeTenant), FullTenantStatus());
  EXPECT_EQ(DecodeStatus(FullFixtureSetStatus(), kFixtureSetSpec, &DecodeFixtureSet),
            FullFixtureSetStatus());
}

TEST(EncodeStatus, IsReadBackWhenEmpty) {
  EXPECT_EQ(DecodeStatus(DataStoreStatus{}, kDataStoreSpec, &DecodeDataStore), DataStoreStatus{});
  EXPECT_EQ(DecodeStatus(TenantStatus{}, kTenantSpec, &DecodeTenant), TenantStatus{});
  EXPECT_EQ(DecodeStatus(FixtureSetStatus{}, kFixtureSetSpec, &DecodeFixtureSet),
            FixtureSetStatus{});
}

TEST(EncodeStatus, LeavesOutWhatIsUnknown) {
  EXPECT_EQ(EncodeStatus(TenantStatus{}), json({{"observedGeneration", -1}}));
  TenantStatus status;
  status.usage.rows = 0;
  EXPECT_EQ(EncodeStatus(status)["usage"], json({{"rows", 0}}));
  DatasetStatus dataset = FullDatasetStatus();
  dataset.rows_per_second = 0;
  FixtureSetStatus set;
  set.datasets = {dataset};
  EXPECT_FALSE(EncodeStatus(set)["datasets"][0].contains("rowsPerSecond"));
}

TEST(EncodeStatus, WritesTheNamesThatUsersRead) {
  EXPECT_EQ(EncodeStatus(FullTenantStatus()), json::parse(R"({
    "observedGeneration": 3,
    "conditions": [{"type": "Ready", "status": "True", "observedGeneration": 3,
                    "lastTransitionTime": "2026-11-21T12:00:00Z", "reason": "Succeeded",
                    "message": ""}],
    "tenantID": "acme", "binding": {"name": "acme-connection"},
    "cacheBinding": {"name": "acme-cache"}, "schemaVersion": "3", "storageSize": "48Mi",
    "usage": {"storageBytes": 50331648, "rows": 154321, "connections": 4},
    "agent": {"name": "main-0", "version": "0.1.0"}, "provisionedHash": "h1",
    "incarnation": "i1", "lastHandledReconcileAt": "r", "lastHandledRotation": "k"})"));
}

struct PatchCase {
  const char* from;
  const char* to;
  int changes;
};

TEST(MakeStatusPatch, TurnsOneStatusIntoTheOther) {
  const std::vector<PatchCase> table = {
      {R"({"a": 1})", R"({"a": 1})", 0},
      {R"({})", R"({"a": {"b": 1}})", 1},
      {R"({"a": 1})", R"({"a": 2})", 1},
      {R"({"a": 1, "b": 2})", R"({"a": 1})", 2},
      {R"({"a": 1})", R"({"a": 1, "b": [1, 2]})", 1},
      {R"({"a": {"b": 1, "c": 2}})", R"({"a": {"b": 1, "d": 3}})", 1},
      {R"({"a": [1, 2]})", R"({"a": [1]})", 1},
  };
  for (const PatchCase& each : table) {
    const json from = json::parse(each.from);
    const json to = json::parse(each.to);
    const json patch = MakeStatusPatch(Uid("u1"), from, to);
    const json object = {{"metadata", {{"uid", "u1"}}}, {"status", from}};
    EXPECT_EQ(object.patch(patch)["status"], to) << each.from << " to " << each.to;
    EXPECT_EQ(patch.size(), 1U + static_cast<std::size_t>(each.changes)) << patch;
  }
}

TEST(MakeStatusPatch, FitsAStatusThatIsNotWhatItWasThoughtToBe) {
  const json patch = MakeStatusPatch(Uid("u1"), {{"a", 1}, {"b", 2}}, {{"a", 3}});
  const json object = {{"metadata", {{"uid", "u1"}}}, {"status", {{"c", 4}}}};
  EXPECT_EQ(object.patch(patch)["status"], (json{{"a", 3}, {"c", 4}}));
}

TEST(MakeStatusPatch, FitsNoOtherObjectOfTheSameName) {
  const json patch = MakeStatusPatch(Uid("u1"), {{"a", 1}}, {{"a", 2}});
  const json object = {{"metadata", {{"uid", "u2"}}}, {"status", {{"a", 1}}}};
  EXPECT_THROW((void)object.patch(patch), json::exception);
}

}  // namespace
}  // namespace tenantry::api
