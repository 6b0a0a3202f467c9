#pragma once

#include "common/api/data_store.h"
#include "common/api/fixture_set.h"
#include "common/api/json_reader.h"
#include "common/api/tenant.h"
#include "common/base/quantity.h"

// The fields of our resources, as users write them. hack/check_crds.py compares this list with
// crds/, so each line is one call with a literal name (or another type's Fields).
namespace tenantry::api {

inline bool IsPort(int number) { return number >= 1 && number <= 65535; }

void Fields(auto& visit, Of<ObjectMeta> auto& meta) {
  visit.Optional("namespace", meta.ns);
  visit.Required("name", meta.name);
  visit.Optional("uid", meta.uid);
  visit.Optional("resourceVersion", meta.resource_version);
  visit.Optional("generation", meta.generation);
  visit.Optional("creationTimestamp", meta.creation_timestamp);
  visit.Optional("deletionTimestamp", meta.deletion_timestamp);
  visit.Optional("labels", meta.labels);
  visit.Optional("annotations", meta.annotations);
  visit.Optional("finalizers", meta.finalizers);
}

void Fields(auto& visit, Of<Condition> auto& condition) {
  visit.Required("type", condition.type);
  visit.Required("status", condition.status);
  visit.Optional("observedGeneration", condition.observed_generation);
  visit.Required("lastTransitionTime", condition.last_transition_time);
  visit.Required("reason", condition.reason);
  visit.Required("message", condition.message);
}

// ---- DataStore ----

void Fields(auto& visit, Of<PostgresEndpoint> auto& postgres) {
  visit.Required("host", postgres.host);
  visit.Optional("port", postgres.port);
  visit.Check("port", IsPort(postgres.port), "must be between 1 and 65535");
  visit.Optional("database", postgres.database);
  visit.Optional("sslMode", postgres.ssl_mode);
  visit.Required("adminSecretRef.name", postgres.admin_secret);
  visit.Optional("caSecretRef.name", postgres.ca_secret);
}

void Fields(auto& visit, Of<RedisEndpoint> auto& redis) {
  visit.Required("host", redis.host);
  visit.Optional("port", redis.port);
  visit.Check("port", IsPort(redis.port), "must be between 1 and 65535");
  visit.Required("adminSecretRef.name", redis.admin_secret);
}

void Fields(auto& visit, Of<DataStoreSpec> auto& spec) {
  visit.Required("postgres", spec.postgres);
  visit.Optional("redis", spec.redis);
  visit.Optional("agents.endpoints", spec.agent_endpoints);
  visit.Optional("allowedNamespaces.from", spec.allowed_from);
  visit.Selector("allowedNamespaces.selector", spec.allowed_labels);
}

void Fields(auto& visit, Of<DataStoreStatus> auto& status) {
  visit.Optional("observedGeneration", status.observed_generation);
  visit.Optional("conditions", status.conditions);
  visit.Optional("postgresVersion", status.postgres_version);
  visit.Optional("redisVersion", status.redis_version);
  visit.Optional("tenants", status.tenants);
  visit.Optional("agentsReady", status.agents_ready);
  visit.Optional("lastHandledReconcileAt", status.last_handled_reconcile_at);
}

// ---- Tenant ----

void Fields(auto& visit, Of<Limits> auto& limits) {
  visit.Optional("apiCalls", limits.api_calls);
  visit.Optional("storage", limits.storage);
  visit.Optional("connections", limits.connections);
  visit.Check("apiCalls", limits.api_calls.value_or(0) >= 0, "must not be negative");
  visit.Check("storage", !limits.storage || ParseBytes(*limits.storage).has_value(),
              "is not a size; write a number with a unit, such as 512Mi or 100Gi");
  visit.Check("connections", limits.connections.value_or(1) >= 1, "must be at least 1");
}

void Fields(auto& visit, Of<SchemaSource> auto& schema) {
  visit.Optional("template", schema.template_name);
  visit.Optional("configMapRef.name", schema.config_map);
  visit.Optional("version", schema.version);
  visit.Check("", schema.template_name.empty() || schema.config_map.empty(),
              "has both template and configMapRef; keep one");
}

void Fields(auto& visit, Of<TenantSpec> auto& spec) {
  visit.Optional("displayName", spec.display_name);
  visit.Optional("tenantID", spec.tenant_id);
  visit.Optional("tier", spec.tier);
  visit.Optional("adminEmail", spec.admin_email);
  visit.Required("dataStoreRef.name", spec.data_store);
  visit.Optional("dataStoreRef.namespace", spec.data_store_namespace);
  visit.Optional("isolation", spec.isolation);
  visit.Optional("schema", spec.schema);
  visit.Json("config", spec.config_json);
  visit.Optional("features", spec.features);
  visit.Optional("limits", spec.limits);
  visit.Optional("deletionPolicy", spec.deletion_policy);
  visit.Optional("suspend", spec.suspend);
}

void Fields(auto& visit, Of<Usage> auto& usage) {
  visit.Optional("storageBytes", usage.storage_bytes);
  visit.Optional("rows", usage.rows);
  visit.Optional("connections", usage.connections);
}

void Fields(auto& visit, Of<TenantStatus> auto& status) {
  visit.Optional("observedGeneration", status.observed_generation);
  visit.Optional("conditions", status.conditions);
  visit.Optional("tenantID", status.tenant_id);
  visit.Optional("binding.name", status.binding);
  visit.Optional("cacheBinding.name", status.cache_binding);
  visit.Optional("schemaVersion", status.schema_version);
  visit.Optional("storageSize", status.storage_size);
  visit.Optional("usage", status.usage);
  visit.Optional("agent.name", status.agent_name);
  visit.Optional("agent.version", status.agent_version);
  visit.Optional("provisionedHash", status.provisioned_hash);
  visit.Optional("incarnation", status.incarnation);
  visit.Optional("lastHandledReconcileAt", status.last_handled_reconcile_at);
  visit.Optional("lastHandledRotation", status.last_handled_rotation);
}

// ---- FixtureSet ----

void Fields(auto& visit, Of<DatasetSource> auto& source) {
  visit.Bytes("inline", source.inline_text);
  visit.Optional("configMapRef.name", source.config_map);
  visit.Optional("configMapRef.key", source.config_map_key);
  visit.Optional("volume.path", source.volume_path);
  visit.Check("",
              int{source.inline_text.has_value()} + int{!source.config_map.empty()} +
                      int{!source.volume_path.empty()} ==
                  1,
              "needs exactly one of inline, configMapRef, volume");
  visit.Check("", source.config_map.empty() == source.config_map_key.empty(),
              "needs both name and key in configMapRef");
}

void Fields(auto& visit, Of<RedisTargetSpec> auto& redis) {
  visit.Required("key", redis.key_template);
  visit.Optional("type", redis.type);
  visit.Optional("ttl", redis.ttl);
}

void Fields(auto& visit, Of<DatasetTarget> auto& target) {
  visit.Optional("table", target.table);
  visit.Optional("redis", target.redis);
  visit.Check("", target.table.empty() == target.redis.has_value(),
              "needs exactly one of table, redis");
}

void Fields(auto& visit, Of<CsvSpec> auto& csv) {
  visit.Optional("delimiter", csv.delimiter);
  visit.Optional("quote", csv.quote);
  visit.Check("quote", csv.quote.size() <= 1, "must be one character");
  visit.Optional("comment", csv.comment);
  visit.Check("comment", csv.comment.size() <= 1, "must be one character");
  visit.Optional("header", csv.header);
  visit.Optional("nulls", csv.nulls);
}

void Fields(auto& visit, Of<Dataset> auto& dataset) {
  visit.Required("name", dataset.name);
  visit.Required("source", dataset.source);
  visit.Optional("format", dataset.format);
  visit.Optional("jsonPath", dataset.json_path);
  visit.Optional("csv", dataset.csv);
  visit.Required("target", dataset.target);
  visit.Optional("key", dataset.key);
  visit.Optional("conflict", dataset.conflict);
  visit.Optional("cursor", dataset.cursor);
  visit.Check("cursor", ComparesCursor(dataset.conflict) == !dataset.cursor.empty(),
              "is needed by conflict KeepNewest and KeepOldest, and by no other");
  visit.Check("conflict", !dataset.target.redis || IsForRedis(dataset.conflict),
              "must be Error, Skip, Update or Replace for redis");
  visit.Optional("unknownColumns", dataset.unknown_columns);
  visit.Optional("collectInto", dataset.collect_into);
  visit.Check(
      "collectInto",
      (dataset.unknown_columns == UnknownColumns::kCollect) == !dataset.collect_into.empty(),
      "is needed by unknownColumns: Collect, and by no other");
  visit.Json("mapping", dataset.mapping);
  visit.Check("mapping", !dataset.target.redis || dataset.mapping.empty(), "is for tables");
  visit.Optional("createTable", dataset.create_table);
  visit.IntOrString("maxRejects", dataset.max_rejects);
  visit.Optional("incremental", dataset.incremental);
}

void Fields(auto& visit, Of<FixtureSetSpec> auto& spec) {
  visit.Optional("tenantRef.name", spec.tenant);
  visit.Selector("tenantSelector", spec.tenant_labels);
  visit.Required("datasets", spec.datasets);
  visit.Optional("deletionPolicy", spec.deletion_policy);
  visit.Optional("suspend", spec.suspend);
  visit.Check("", spec.tenant.empty() == spec.tenant_labels.has_value(),
              "needs exactly one of tenantRef, tenantSelector");
}

void Fields(auto& visit, Of<Counters> auto& counters) {
  visit.Optional("read", counters.read);
  visit.Optional("inserted", counters.inserted);
  visit.Optional("updated", counters.updated);
  visit.Optional("unchanged", counters.unchanged);
  visit.Optional("skipped", counters.skipped);
  visit.Optional("rejected", counters.rejected);
}

void Fields(auto& visit, Of<DatasetStatus> auto& status) {
  visit.Required("name", status.name);
  Fields(visit, status.counters);
  visit.Optional("bytes", status.bytes);
  visit.NonZero("rowsPerSecond", status.rows_per_second);
  visit.Optional("checksum", status.checksum);
  visit.Optional("rejects", status.rejects);
}

void Fields(auto& visit, Of<FixtureTenantStatus> auto& status) {
  visit.Required("name", status.name);
  visit.Optional("loadedHash", status.loaded_hash);
  visit.Optional("message", status.message);
  visit.Optional("datasets", status.datasets);
}

void Fields(auto& visit, Of<FixtureSetStatus> auto& status) {
  visit.Optional("observedGeneration", status.observed_generation);
  visit.Optional("conditions", status.conditions);
  visit.Optional("tenants", status.tenants);
  visit.Optional("datasets", status.datasets);
  visit.Optional("tenantsReady", status.tenants_ready);
  visit.Optional("progress", status.progress);
  visit.Optional("rows", status.rows);
  visit.Optional("rejected", status.rejected);
  visit.Optional("lastHandledReconcileAt", status.last_handled_reconcile_at);
}

}  // namespace tenantry::api
