#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "agent/load/handlers.h"
#include "agent/postgres/connection.h"
#include "agent/redis/connection.h"
#include "common/api/protocol.h"
#include "tests/support/shared_servers.h"
#include "tests/support/task_call.h"

namespace tenantry::load {

using testing::Postgres;
using testing::Redis;
using testing::TaskAnswer;

struct LoadCall {
  std::vector<api::LoadDataset> datasets;
  std::string fixture_set = "set-1";
  bool track_rows = false;
  std::string fixtures_dir = {};
  std::stop_token stop = {};
  std::optional<int> port = {};  // of PostgreSQL; absent: the server's
};

// A provisioned tenant: all calls go through the handlers, with the tenant's own login.
class Tenant {
 public:
  // `sql` makes the tables; empty: template Music. RowLevel tenants with the same `sql` share them.
  explicit Tenant(const std::string& id, const std::string& sql = {},
                  api::Isolation isolation = api::Isolation::kSchema);

  TaskAnswer<api::LoadResult> Load(const LoadCall& call) const;
  TaskAnswer<api::LoadResult> Load(const api::LoadDataset& dataset) const {
    return Load(LoadCall{.datasets = {dataset}});
  }
  TaskAnswer<api::UnloadResult> Unload(const std::string& fixture_set = "set-1") const;

  const std::string& schema() const { return schema_; }
  api::PostgresAccess login() const;
  api::RedisAccess redis_login() const;
  // The first value that `sql` gives to the superuser; "{s}" stands for the tenant's schema.
  std::string Ask(std::string sql) const;
  // The same in a session of the tenant.
  std::string AskAsTenant(std::string sql) const;
  // Rows of a query as "a|b a|b".
  std::string Rows(const std::string& query) const {
    return Ask(
        "SELECT string_agg(concat_ws('|', VARIADIC ARRAY(SELECT value FROM "
        "jsonb_each_text(to_jsonb(q)))), ' ') FROM (" +
        query + ") q");
  }

 private:
  std::string Fill(std::string sql) const;

  std::string id_;
  std::string schema_;
};

api::LoadDataset Inline(const std::string& name, const std::string& table, const std::string& text,
                        api::Conflict conflict = api::Conflict::kError,
                        std::vector<std::string> key = {});
api::LoadDataset InlineRedis(const std::string& name, const api::RedisTargetSpec& target,
                             const std::string& text,
                             api::Conflict conflict = api::Conflict::kError);

// read, inserted, updated, unchanged, skipped, rejected of the only dataset.
std::string Counts(const TaskAnswer<api::LoadResult>& answer);

}  // namespace tenantry::load
