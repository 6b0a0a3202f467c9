#include "common/api/protocol_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "common/api/reasons.h"

namespace tenantry::api {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

PostgresAccess FullPostgres() {
  return {.host = "db",
          .port = 5433,
          .database = "app",
          .ssl_mode = SslMode::kRequire,
          .ca_pem = "-----BEGIN CERTIFICATE-----\n",
          .user = "admin",
          .password = Secret("pg \"secret\"")};
}

RedisAccess FullRedis() {
  return {.host = "cache", .port = 6380, .user = "admin", .password = Secret("redis-secret")};
}

TenantStorageSpec FullStorageSpec() {
  TenantStorageSpec spec;
  spec.postgres = FullPostgres();
  spec.redis = FullRedis();
  spec.owner_uid = "uid-1";
  spec.owner = "platform/acme";
  spec.adopt = true;
  spec.isolation = Isolation::kRowLevel;
  spec.template_name = "Music";
  spec.schema_name = "music";
  spec.migrations = {{.name = "V1__a.sql", .sql = "CREATE TABLE \"é\" ();\n"}};
  spec.version = 2;
  spec.logins = {{.role = "tenant_acme_app", .password = Secret("one")},
                 {.role = "tenant_acme_app_2", .password = std::nullopt}};
  spec.redis_passwords = {Secret("two"), Secret("three")};
  spec.connection_limit = 20;
  spec.config_json = R"({"tier":"Free"})";
  return spec;
}

Dataset RedisDataset() {
  Dataset dataset;
  dataset.name = "sessions";
  dataset.source.volume_path = "s.ndjson";
  dataset.format = Format::kNdjson;
  dataset.target.redis = RedisTargetSpec{
      .key_template = "s:{id}", .type = RedisType::kString, .ttl = std::chrono::seconds(90)};
  return dataset;
}

Dataset TableDataset(std::string bytes) {
  Dataset dataset;
  dataset.name = "albums";
  dataset.source.inline_text = std::move(bytes);
  dataset.format = Format::kCsv;
  dataset.target.table = "albums";
  dataset.key = {"album_id"};
  dataset.conflict = Conflict::kUpdate;
  return dataset;
}

LoadSpec FullLoadSpec() {
  LoadSpec spec;
  spec.postgres = FullPostgres();
  spec.redis = FullRedis();
  spec.schema = "tenant_acme";
  spec.fixture_set = "uid-2";
  spec.track_rows = true;
  spec.datasets = {{.dataset = RedisDataset(), .origin = "file s.ndjson"},
                   {.dataset = TableDataset("a,b\n1,2\n"), .origin = "inline"}};
  return spec;
}

// Encodes, decodes, and expects the same value.
template <class T>
void ExpectRoundTrip(const T& value) {
  const std::string text = Encode(value);
  const Result<T> decoded = Decode<T>(text);
  ASSERT_TRUE(decoded) << decoded.error().message << " in " << text;
  EXPECT_EQ(*decoded, value) << text;
}

TEST(Decode, ReadsBackEverySpecWithEveryField) {
  ExpectRoundTrip(FullStorageSpec());
  ExpectRoundTrip(StoreSpec{.postgres = FullPostgres(), .redis = FullRedis()});
  ExpectRoundTrip(DeprovisionSpec{.postgres = FullPostgres(),
                                  .redis = FullRedis(),
                                  .owner_uid = "uid-1",
                                  .isolation = Isolation::kDatabase,
                                  .schema_name = "music",
                                  .policy = DeletionPolicy::kDelete});
  ExpectRoundTrip(FullLoadSpec());
  ExpectRoundTrip(UnloadSpec{.postgres = FullPostgres(),
                             .redis = FullRedis(),
                             .schema = "tenant_acme",
                             .fixture_set = "uid-2"});
}

TEST(Decode, ReadsBackEveryResultWithEveryField) {
  const Usage usage{.storage_bytes = 1, .rows = 2, .connections = 3};
  ExpectRoundTrip(ProvisionResult{.database = "app",
                                  .schema = "tenant_acme",
                                  .schema_version = "3",
                                  .incarnation = "i",
                                  .changes = {"made role"},
                                  .usage = usage});
  ExpectRoundTrip(ObserveResult{
      .drift = {"role gone"}, .schema_version = "3", .incarnation = "i", .usage = usage});
  ExpectRoundTrip(StoreResult{
      .postgres_version = "15.18",
      .redis_version = "7.0",
      .postgres_error = Error{.code = ErrorCode::kInvalid, .message = "no", .reason = "R"},
      .redis_error = Error{.code = ErrorCode::kUnavailable, .message = "down"}});
  ExpectRoundTrip(DeprovisionResult{.removed = {"schema"}, .kept = {"data"}});
  ExpectRoundTrip(LoadResult{.datasets = {{.status = {.name = "albums",
                                                      .counters = {.read = 1, .inserted = 1},
                                                      .bytes = 7,
                                                      .rows_per_second = 9,
                                                      .checksum = "c"},
                                           .skipped_by_hash = true}}});
  ExpectRoundTrip(UnloadResult{.rows_removed = 5, .keys_removed = 6});
}

TEST(Decode, TakesAnEmptyObjectAsAResultOfEveryKind) {
  EXPECT_EQ(Decode<ProvisionResult>("{}").value(), ProvisionResult{});
  EXPECT_EQ(Decode<ObserveResult>("{}").value(), ObserveResult{});
  EXPECT_EQ(Decode<StoreResult>("{}").value(), StoreResult{});
  EXPECT_EQ(Decode<DeprovisionResult>("{}").value(), DeprovisionResult{});
  EXPECT_EQ(Decode<LoadResult>("{}").value(), LoadResult{});
  EXPECT_EQ(Decode<UnloadResult>("{}").value(), UnloadResult{});
}

TEST(Decode, CarriesAnyBytesOfDataAndMigrations) {
  std::string all_bytes;
  for (int i = 0; i < 256; ++i) {
    all_bytes += static_cast<char>(i);
  }
  LoadSpec load = FullLoadSpec();
  load.datasets[1].dataset.source.inline_text = all_bytes;
  TenantStorageSpec storage = FullStorageSpec();
  storage.migrations[0].sql = all_bytes;

  ExpectRoundTrip(load);
  ExpectRoundTrip(storage);
}

TEST(Decode, RefusesUnknownFieldsOfSpecs) {
  json spec = json::parse(Encode(FullLoadSpec()));
  spec["datasets"][1]["dataset"]["mode"] = "Fast";

  const Result<LoadSpec> decoded = Decode<LoadSpec>(spec.dump());

  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.error().code, ErrorCode::kInvalid);
  EXPECT_EQ(decoded.error().reason, reason::kAgentVersionSkew);
  EXPECT_EQ(decoded.error().message, "spec: datasets[1].dataset.mode: is not known");
}

TEST(Decode, RefusesUnknownFieldsOfNestedObjects) {
  json spec = json::parse(Encode(FullLoadSpec()));
  spec["datasets"][0]["dataset"]["source"]["volume"]["glob"] = true;

  const Result<LoadSpec> decoded = Decode<LoadSpec>(spec.dump());

  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.error().message, "spec: datasets[0].dataset.source.volume.glob: is not known");
}

TEST(Decode, RefusesUnknownValuesOfSpecsAsSkew) {
  json spec = json::parse(Encode(FullStorageSpec()));
  spec["isolation"] = "Cluster";

  const Result<TenantStorageSpec> decoded = Decode<TenantStorageSpec>(spec.dump());

  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.error().reason, reason::kAgentVersionSkew);
}

TEST(Decode, IgnoresUnknownFieldsOfResults) {
  EXPECT_TRUE(Decode<ProvisionResult>(R"({"database": "app", "cluster": {"a": 1}})"));
}

TEST(Decode, NamesThePathOfWhatIsWrong) {
  json spec = json::parse(Encode(FullStorageSpec()));
  spec["postgres"].erase("password");
  EXPECT_EQ(Decode<TenantStorageSpec>(spec.dump()).error().message,
            "spec: postgres.password: is required");
  spec = json::parse(Encode(FullStorageSpec()));
  spec["logins"] = json::array();
  EXPECT_EQ(Decode<TenantStorageSpec>(spec.dump()).error().message,
            "spec: logins: needs at least one");
  spec = json::parse(Encode(FullLoadSpec()));
  spec["datasets"][1]["dataset"]["source"] = {{"inlineBase64", "*"}};
  EXPECT_EQ(Decode<LoadSpec>(spec.dump()).error().message,
            "spec: datasets[1].dataset.source.inlineBase64: is not base64");
}

TEST(Decode, RefusesWhatIsNoJson) {
  EXPECT_EQ(Decode<StoreSpec>("{\"postgres\": ").error().message,
            "spec: is not valid JSON at byte 14");
  EXPECT_THAT(Decode<StoreResult>("\xFF").error().message, HasSubstr("not valid JSON"));
  EXPECT_THAT(Decode<StoreResult>("").error().message, HasSubstr("not valid JSON"));
}

// ---- the envelope ----

TaskRequest FullRequest() {
  return {.id = "uid-3-provision",
          .kind = TaskKind::kProvision,
          .tenant = TenantId("acme"),
          .spec_json = Encode(FullStorageSpec()),
          .deadline = ParseTime("2026-11-21T12:00:00.250001Z")};
}

TEST(DecodeTaskRequest, ReadsBackEveryField) {
  const Result<TaskRequest> request = DecodeTaskRequest(EncodeTaskRequest(FullRequest()));

  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(*request, FullRequest());
  EXPECT_EQ(Decode<TenantStorageSpec>(request->spec_json).value(), FullStorageSpec());
}

TEST(DecodeTaskRequest, CarriesTheDeepestConfigThatATenantMayHave) {
  TenantStorageSpec spec = FullStorageSpec();
  spec.config_json = std::string();
  for (int i = 0; i < 65; ++i) {
    spec.config_json += R"({"a":)";
  }
  spec.config_json += "1" + std::string(65, '}');
  TaskRequest request = FullRequest();
  request.spec_json = Encode(spec);

  const Result<TaskRequest> decoded = DecodeTaskRequest(EncodeTaskRequest(request));

  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(Decode<TenantStorageSpec>(decoded->spec_json).value(), spec);
}

TEST(DecodeTaskRequest, TakesATaskWithoutTenantAndDeadline) {
  const Result<TaskRequest> request =
      DecodeTaskRequest(R"({"id": "a", "kind": "Observe", "spec": {}})");

  ASSERT_TRUE(request) << request.error().message;
  EXPECT_TRUE(request->tenant.empty());
  EXPECT_FALSE(request->deadline.has_value());
  EXPECT_EQ(request->spec_json, "{}");
}

struct BadRequest {
  const char* text;
  const char* message;
  const char* reason;
};

TEST(DecodeTaskRequest, RefusesBadBodies) {
  const std::vector<BadRequest> table = {
      {R"([])", "task: the document: must be an object", ""},
      {R"({})", "task: id: is required", ""},
      {R"({"id": "a", "kind": "Backup", "spec": {}})",
       "task: kind: \"Backup\" is not one of Provision, Observe, Deprovision, Load, Unload",
       reason::kAgentVersionSkew},
      {R"({"id": "a", "kind": "Observe"})", "task: spec: is required", ""},
      {R"({"id": "a", "kind": "Observe", "spec": []})", "task: spec: must be an object", ""},
      {R"({"id": "a", "kind": "Observe", "spec": {}, "priority": 1})",
       "task: priority: is not known", reason::kAgentVersionSkew},
      {R"({"id": "", "kind": "Observe", "spec": {}})",
       "task: id: must be 1 to 200 of A-Z, a-z, 0-9, '.', '_' and '-'", ""},
      {R"({"id": "a/b", "kind": "Observe", "spec": {}})",
       "task: id: must be 1 to 200 of A-Z, a-z, 0-9, '.', '_' and '-'", ""},
      {R"({"id": "a", "kind": "Observe", "spec": {}, "tenant": "x\";"})",
       "task: tenant: \"x\";\" is not a tenant ID (a-z, then up to 39 of a-z, 0-9 and '_')", ""},
      {R"({"id": "a", "kind": "Observe", "spec": {}, "deadline": "soon"})",
       "task: deadline: \"soon\" is not a time as of RFC 3339", ""},
  };
  for (const BadRequest& bad : table) {
    const Result<TaskRequest> request = DecodeTaskRequest(bad.text);
    ASSERT_FALSE(request) << bad.text;
    EXPECT_EQ(request.error(), (Error{ErrorCode::kInvalid, bad.message, bad.reason}));
  }
}

TEST(DecodeTaskRequest, RefusesDeepNestingWithoutParsingIt) {
  const std::string deep = std::string(1'000'000, '[');
  EXPECT_EQ(DecodeTaskRequest(deep).error().message, "task: nests deeper than 128 levels");
  EXPECT_EQ(DecodeTaskRequest(R"({"a":"\")" + deep + "\"}").error().message,
            "task: id: is required");
}

TaskReport FullReport() {
  return {.id = "uid-3-load",
          .kind = TaskKind::kLoad,
          .tenant = TenantId("acme"),
          .state = TaskState::kFailed,
          .progress = {.done = 5, .total = 10, .unit = "rows", .per_second = 7},
          .result_json = R"({"datasets":[]})",
          .error = Error{.code = ErrorCode::kConflict, .message = "busy", .reason = "TenantBusy"}};
}

TEST(DecodeTaskReport, ReadsBackEveryField) {
  const Result<TaskReport> report = DecodeTaskReport(EncodeTaskReport(FullReport()));

  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(*report, FullReport());
}

TEST(DecodeTaskReport, ReadsBackEveryErrorCode) {
  for (const ErrorCode code :
       {ErrorCode::kNotFound, ErrorCode::kConflict, ErrorCode::kUnavailable, ErrorCode::kInvalid,
        ErrorCode::kOutcomeUnknown, ErrorCode::kCancelled, ErrorCode::kInternal}) {
    TaskReport report = FullReport();
    report.error->code = code;
    EXPECT_EQ(DecodeTaskReport(EncodeTaskReport(report)).value(), report);
    EXPECT_EQ(json::parse(EncodeTaskReport(report))["error"]["retryable"], IsRetryable(code));
  }
}

TEST(DecodeTaskReport, TakesANewerAgentsErrorCodeByWhetherItCanBeRetried) {
  json report = json::parse(EncodeTaskReport(FullReport()));
  report["error"]["code"] = "Overloaded";
  EXPECT_EQ(DecodeTaskReport(report.dump())->error->code, ErrorCode::kUnavailable);
  report["error"]["retryable"] = false;
  EXPECT_EQ(DecodeTaskReport(report.dump())->error->code, ErrorCode::kInternal);
}

TEST(EncodeTaskReport, IsOneLineWhateverItsTextsHold) {
  TaskReport report = FullReport();
  report.error->message = "line one\nline two \xFF";
  report.result_json = "{\n\"datasets\": []\n}";

  const std::string text = EncodeTaskReport(report);

  EXPECT_THAT(text, Not(HasSubstr("\n")));
  EXPECT_EQ(DecodeTaskReport(text)->error->message, "line one\nline two \xEF\xBF\xBD");
}

TEST(EncodeTaskReport, LeavesOutWhatIsUnknown) {
  const json report = json::parse(EncodeTaskReport({.id = "a"}));
  EXPECT_EQ(report, json::parse(R"({"id": "a", "kind": "Observe", "state": "Queued"})"));
}

TEST(DecodeAgentInfo, ReadsBackEveryField) {
  const AgentInfo info{.name = "main-0",
                       .version = "0.1.0",
                       .protocol_version = kProtocolVersion,
                       .capabilities = {{"Load", {.state = "Available", .reason = ""}},
                                        {"Provision", {.state = "Unavailable", .reason = "No"}}}};
  EXPECT_EQ(DecodeAgentInfo(EncodeAgentInfo(info)).value(), info);
  EXPECT_EQ(DecodeAgentInfo(R"({"name": "a", "version": "1"})").error().message,
            "agent info: protocolVersion: is required");
}

TEST(EncodeResults, HoldNoSecretsOfTheSpec) {
  // The types of results and reports have no member of type Secret; what an agent says comes from
  // them alone.
  const std::string report = EncodeTaskReport(
      {.id = FullRequest().id, .kind = FullRequest().kind, .tenant = FullRequest().tenant});
  for (const char* secret : {"pg ", "redis-secret", "one", "two", "three"}) {
    EXPECT_THAT(report, Not(HasSubstr(secret)));
  }
}

TEST(DecodeErrors, QuoteNoSecrets) {
  json spec = json::parse(Encode(FullStorageSpec()));
  spec["logins"][0]["password"] = {{"value", "hunter2"}};
  const Result<TenantStorageSpec> decoded = Decode<TenantStorageSpec>(spec.dump());
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.error().message, "spec: logins[0].password: must be a string");
}

}  // namespace
}  // namespace tenantry::api
