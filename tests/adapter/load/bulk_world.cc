#include "tests/adapter/load/bulk_world.h"

#include <fstream>
#include <iterator>

namespace tenantry::load {
namespace {

class Silent final : public BulkListener {
 public:
  void OnFinding(const Finding&, const std::vector<std::string>&) override {}
  void OnProgress(const BulkProgress&) override {}
};

}  // namespace

BulkWorld::BulkWorld(const std::string& name, const std::string& sql)
    : schema_("bulk_" + name),
      folder_(std::filesystem::path(::testing::TempDir()) / ("tenantry_" + schema_)) {
  std::filesystem::create_directories(folder_);
  const Result<void> made = Postgres().Script("app", Fill("CREATE SCHEMA {s};" + sql));
  EXPECT_TRUE(made) << (made ? "" : made.error().message);
}

BulkTarget BulkWorld::Target(const std::string& table) const {
  return {.postgres = Postgres().superuser(),
          .role = "",
          .tenant = api::TenantId(""),
          .schema = schema_,
          .table = table};
}

BulkOutcome BulkWorld::Load(const std::string& table, const std::string& text, BulkOptions options,
                            std::stop_token stop) const {
  return Load(table, *MakeInlineSource(text), std::move(options), std::move(stop));
}

BulkOutcome BulkWorld::Load(const std::string& table, const Source& source, BulkOptions options,
                            std::stop_token stop) const {
  Silent listener;
  return LoadBulk(Target(table), options, source, {.dataset = table, .source = source_}, listener,
                  std::move(stop));
}

std::string BulkWorld::Fill(std::string sql) const {
  for (std::size_t at = sql.find("{s}"); at != std::string::npos; at = sql.find("{s}", at)) {
    sql.replace(at, 3, schema_);
  }
  return sql;
}

std::string BulkWorld::Ask(std::string sql) const {
  return Postgres().Value("app", Fill(std::move(sql)));
}

std::string BulkWorld::Rows(const std::string& query) const {
  return Ask(
      "SELECT string_agg((SELECT string_agg(coalesce(value, '-'), '|') FROM "
      "json_each_text(row_to_json(q))), ' ') FROM (" +
      query + ") q");
}

std::string BulkWorld::Rejects() const {
  std::ifstream file(RejectFile());
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string Counts(const BulkOutcome& outcome) {
  const api::Counters& c = outcome.report.counters;
  std::string counts;
  for (const std::int64_t count :
       {c.read, c.inserted, c.updated, c.unchanged, c.skipped, c.rejected}) {
    counts += (counts.empty() ? "" : " ") + std::to_string(count);
  }
  EXPECT_EQ(c.read, c.inserted + c.updated + c.unchanged + c.skipped + c.rejected);
  return outcome.error ? counts + " " + outcome.error->message : counts;
}

}  // namespace tenantry::load
