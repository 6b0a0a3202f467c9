#include "agent/load/unloader.h"

#include <charconv>
#include <optional>
#include <utility>
#include <vector>

#include "agent/load/bulk_session.h"
#include "agent/load/tracked_rows.h"
#include "agent/load/transaction.h"
#include "common/api/reasons.h"
#include "common/base/strings.h"

namespace tenantry::load {
namespace {

using postgres::QuoteLiteral;

constexpr char kDeclareKeys[] = R"(
DECLARE tenantry_keys NO SCROLL CURSOR FOR SELECT DISTINCT row_key ->> 'redisKey'
FROM tenantry.loaded_rows WHERE tenant_id = $1 AND fixture_set = $2 AND table_name = '')";
constexpr char kFetchKeys[] = "FETCH 500 FROM tenantry_keys";

std::int64_t Number(const std::string& text) {
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

Error StillReferenced(const std::string& foreign_key, const std::string& detail) {
  return {.code = ErrorCode::kInvalid,
          .message =
              "The fixture set's rows cannot be removed: other rows refer to them (foreign "
              "key \"" +
              foreign_key + "\"" + (detail.empty() ? "" : "; " + Shorten(detail, 200)) +
              "). Remove those rows, or set deletionPolicy: Retain.",
          .reason = api::reason::kFinalizerBlocked};
}

// All tables in one statement: foreign keys among them are looked at when all the rows are gone.
Result<std::int64_t> DeleteRows(postgres::Connection& connection,
                                const std::vector<postgres::Parameter>& owner) {
  const std::vector<TrackedShape> shapes = TRY(FindShapes(connection, owner));
  if (shapes.empty()) {
    return 0;
  }
  if (const std::optional<std::string> key = TRY(FindReach(connection, owner, shapes))) {
    return StillReferenced(*key, "");
  }
  std::vector<std::string> parts, counts;
  for (const TrackedShape& shape : shapes) {
    const std::string name = "d" + std::to_string(parts.size());
    parts.push_back(name + " AS (" + DeleteTracked(shape) + ")");
    counts.push_back("(SELECT count(*) FROM " + name + ")");
  }
  const Result<postgres::Rows> deleted =
      connection.Execute("WITH " + Join(parts, ", ") + " SELECT " + Join(counts, " + "), owner);
  if (!deleted) {
    const postgres::ServerDiagnostics& why = connection.last_diagnostics();
    return why.sqlstate == "23503" ? StillReferenced(why.constraint, why.detail) : deleted.error();
  }
  return Number(deleted->Text(0));
}

Result<std::int64_t> DeleteKeys(postgres::Connection& connection, redis::Connection* redis,
                                const api::TenantId& tenant, const std::string& fixture_set,
                                std::stop_token stop) {
  // A cursor takes no parameters in the simple protocol, and literals do as well.
  std::string declare = kDeclareKeys;
  declare.replace(declare.find("$1"), 2, QuoteLiteral(tenant.value()));
  declare.replace(declare.find("$2"), 2, QuoteLiteral(fixture_set));
  TRY(connection.ExecuteScript(declare));
  std::int64_t removed = 0;
  for (;;) {
    const postgres::Rows keys = TRY(connection.Execute(kFetchKeys));
    if (keys.empty()) {
      return removed;
    }
    if (redis == nullptr) {
      return Error{.code = ErrorCode::kInvalid,
                   .message =
                       "The fixture set's Redis keys cannot be removed: the data store has "
                       "no redis any more. Add it again, or set deletionPolicy: Retain.",
                   .reason = api::reason::kInvalidSpec};
    }
    if (stop.stop_requested()) {
      return Error{.code = ErrorCode::kCancelled, .message = "The unload was cancelled."};
    }
    std::vector<std::string> command = {"DEL"};
    for (std::size_t row = 0; row < keys.rows.size(); ++row) {
      // The catalogue is the tenant's to write: never further than its own prefix.
      if (keys.Text(row).starts_with(api::RedisPrefix(tenant))) {
        command.push_back(keys.Text(row));
      }
    }
    if (command.size() > 1) {
      removed += TRY(redis->Command(command)).integer;
    }
  }
}

}  // namespace

Result<api::UnloadResult> Unload(postgres::Connection& connection, redis::Connection* redis,
                                 const api::TenantId& tenant, const std::string& fixture_set,
                                 agent::TaskContext& context) {
  const std::vector<postgres::Parameter> owner = {tenant.value(), fixture_set};
  Transaction transaction(connection);
  TRY(transaction.Begin());
  api::UnloadResult result;
  result.rows_removed = TRY(DeleteRows(connection, owner));
  result.keys_removed = TRY(DeleteKeys(connection, redis, tenant, fixture_set, context.stop()));
  TRY(connection.Execute(
      "DELETE FROM tenantry.loaded_rows WHERE tenant_id = $1 AND fixture_set = $2", owner));
  TRY(connection.Execute("DELETE FROM tenantry.loads WHERE tenant_id = $1 AND fixture_set = $2",
                         owner));
  TRY(ForgetLoads(connection, fixture_set));
  TRY(transaction.Commit());
  return result;
}

}  // namespace tenantry::load
