#pragma once

#include "common/api/json_reader.h"
#include "common/api/protocol.h"
#include "common/api/resource_fields.h"

// The fields of the operator–agent protocol (docs/protocol.md).
namespace tenantry::api {

void Fields(auto& visit, Of<PostgresAccess> auto& access) {
  visit.Required("host", access.host);
  visit.Optional("port", access.port);
  visit.Check("port", IsPort(access.port), "must be between 1 and 65535");
  visit.Required("database", access.database);
  visit.Optional("sslMode", access.ssl_mode);
  visit.Optional("caPem", access.ca_pem);
  visit.Required("user", access.user);
  visit.Required("password", access.password);
}

void Fields(auto& visit, Of<RedisAccess> auto& access) {
  visit.Required("host", access.host);
  visit.Optional("port", access.port);
  visit.Check("port", IsPort(access.port), "must be between 1 and 65535");
  visit.Optional("user", access.user);
  visit.Required("password", access.password);
}

void Fields(auto& visit, Of<Login> auto& login) {
  visit.Required("role", login.role);
  visit.Optional("password", login.password);
}

void Fields(auto& visit, Of<MigrationFile> auto& file) {
  visit.Required("name", file.name);
  visit.Bytes("sql", file.sql);
}

void Fields(auto& visit, Of<TenantStorageSpec> auto& spec) {
  visit.Required("postgres", spec.postgres);
  visit.Optional("redis", spec.redis);
  visit.Required("ownerUid", spec.owner_uid);
  visit.Optional("owner", spec.owner);
  visit.Optional("adopt", spec.adopt);
  visit.Optional("isolation", spec.isolation);
  visit.Optional("template", spec.template_name);
  visit.Optional("schemaName", spec.schema_name);
  visit.Optional("migrations", spec.migrations);
  visit.Optional("version", spec.version);
  visit.Required("logins", spec.logins);
  visit.Optional("redisPasswords", spec.redis_passwords);
  visit.Optional("connectionLimit", spec.connection_limit);
  visit.Json("config", spec.config_json);
  visit.Check("logins", !spec.logins.empty(), "needs at least one");
}

void Fields(auto& visit, Of<StoreSpec> auto& spec) {
  visit.Required("postgres", spec.postgres);
  visit.Optional("redis", spec.redis);
}

void Fields(auto& visit, Of<DeprovisionSpec> auto& spec) {
  visit.Required("postgres", spec.postgres);
  visit.Optional("redis", spec.redis);
  visit.Required("ownerUid", spec.owner_uid);
  visit.Optional("isolation", spec.isolation);
  visit.Optional("schemaName", spec.schema_name);
  visit.Optional("policy", spec.policy);
}

void Fields(auto& visit, Of<LoadDataset> auto& item) {
  visit.Required("dataset", item.dataset);
  visit.Optional("origin", item.origin);
}

void Fields(auto& visit, Of<LoadSpec> auto& spec) {
  visit.Required("postgres", spec.postgres);
  visit.Optional("redis", spec.redis);
  visit.Required("schema", spec.schema);
  visit.Required("fixtureSet", spec.fixture_set);
  visit.Optional("trackRows", spec.track_rows);
  visit.Required("datasets", spec.datasets);
}

void Fields(auto& visit, Of<UnloadSpec> auto& spec) {
  visit.Required("postgres", spec.postgres);
  visit.Optional("redis", spec.redis);
  visit.Required("schema", spec.schema);
  visit.Required("fixtureSet", spec.fixture_set);
}

// ---- results: every field is optional ----

void Fields(auto& visit, Of<ProvisionResult> auto& result) {
  visit.Optional("database", result.database);
  visit.Optional("schema", result.schema);
  visit.Optional("schemaVersion", result.schema_version);
  visit.Optional("incarnation", result.incarnation);
  visit.Optional("changes", result.changes);
  visit.Optional("usage", result.usage);
}

void Fields(auto& visit, Of<ObserveResult> auto& result) {
  visit.Optional("drift", result.drift);
  visit.Optional("schemaVersion", result.schema_version);
  visit.Optional("incarnation", result.incarnation);
  visit.Optional("usage", result.usage);
}

void Fields(auto& visit, Of<StoreResult> auto& result) {
  visit.Optional("postgresVersion", result.postgres_version);
  visit.Optional("redisVersion", result.redis_version);
  visit.Optional("postgresError", result.postgres_error);
  visit.Optional("redisError", result.redis_error);
}

void Fields(auto& visit, Of<DeprovisionResult> auto& result) {
  visit.Optional("removed", result.removed);
  visit.Optional("kept", result.kept);
}

void Fields(auto& visit, Of<DatasetResult> auto& result) {
  Fields(visit, result.status);
  visit.Optional("skippedByHash", result.skipped_by_hash);
}

void Fields(auto& visit, Of<LoadResult> auto& result) {
  visit.Optional("datasets", result.datasets);
}

void Fields(auto& visit, Of<UnloadResult> auto& result) {
  visit.Optional("rowsRemoved", result.rows_removed);
  visit.Optional("keysRemoved", result.keys_removed);
}

// ---- the envelope ----

void Fields(auto& visit, Of<TaskRequest> auto& request) {
  visit.Required("id", request.id);
  visit.Required("kind", request.kind);
  visit.Optional("tenant", request.tenant);
  visit.Json("spec", request.spec_json);
  visit.Optional("deadline", request.deadline);
  visit.Check("spec", !request.spec_json.empty(), "is required");
}

void Fields(auto& visit, Of<Progress> auto& progress) {
  visit.Optional("done", progress.done);
  visit.NonZero("total", progress.total);
  visit.Optional("unit", progress.unit);
  visit.NonZero("perSecond", progress.per_second);
  visit.NonZero("rows", progress.rows);
  visit.NonZero("rowsPerSecond", progress.rows_per_second);
}

void Fields(auto& visit, Of<TaskReport> auto& report) {
  visit.Required("id", report.id);
  visit.Required("kind", report.kind);
  visit.Optional("tenant", report.tenant);
  visit.Required("state", report.state);
  visit.Optional("progress", report.progress);
  visit.Json("result", report.result_json);
  visit.Optional("error", report.error);
}

void Fields(auto& visit, Of<Capability> auto& capability) {
  visit.Required("state", capability.state);
  visit.Optional("reason", capability.reason);
}

void Fields(auto& visit, Of<AgentInfo> auto& info) {
  visit.Optional("name", info.name);
  visit.Required("version", info.version);
  visit.Required("protocolVersion", info.protocol_version);
  visit.Optional("capabilities", info.capabilities);
}

}  // namespace tenantry::api
