#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <thread>

#include "common/api/reasons.h"
#include "tests/adapter/load/tables.h"
#include "tests/adapter/load/world.h"
#include "tests/support/tcp_proxy.h"

namespace tenantry::load {
namespace {

using ::testing::HasSubstr;

// Waits, within bounds, until `sql` gives `value` to the superuser.
bool Await(const Tenant& tenant, const std::string& sql, const std::string& value) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (std::chrono::steady_clock::now() < deadline) {
    if (tenant.Ask(sql) == value) {
      return true;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return false;
}

// The agent's session waits for a lock.
std::string WaitingLoads(const std::string& tenant) {
  return "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND usename = "
         "'tenant_" +
         tenant + "_app'";
}

// Keeps a table from being written as long as it lives.
class TableLock {
 public:
  TableLock(const Tenant& tenant, const std::string& table)
      : session_(std::move(postgres::Connection::Open(Postgres().superuser(), "tests").value())) {
    EXPECT_TRUE(session_->Begin());
    EXPECT_TRUE(session_->ExecuteScript("LOCK TABLE " + tenant.schema() + "." + table +
                                        " IN ACCESS EXCLUSIVE MODE"));
  }

 private:
  std::unique_ptr<postgres::Connection> session_;
};

TEST(LoadLife, AKilledSessionLeavesNothingAndTheNextLoadIsWhole) {
  const Tenant tenant("killed", kTables);
  const api::LoadDataset dataset = Inline("songs", "songs", R"([{"song_id":"a"},{"song_id":"b"}])");
  std::future<TaskAnswer<api::LoadResult>> running;
  {
    const TableLock lock(tenant, "songs");
    running = std::async(std::launch::async, [&] { return tenant.Load(dataset); });
    ASSERT_TRUE(Await(tenant, WaitingLoads("killed"), "1"));
    ASSERT_EQ(tenant.Ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename ="
                         " 'tenant_killed_app'"),
              "t");
  }
  const auto killed = running.get();
  EXPECT_EQ(killed.code(), ErrorCode::kUnavailable) << killed.message();
  EXPECT_EQ(tenant.Ask("SELECT count(*) FROM {s}.songs"), "0");
  EXPECT_EQ(tenant.Ask("SELECT count(*) FROM tenantry.loads WHERE tenant_id = 'killed'"), "0");

  EXPECT_EQ(Counts(tenant.Load(dataset)), "2 2 0 0 0 0");
}

TEST(LoadLife, ACancelledLoadIsRolledBack) {
  const Tenant tenant("cancelled", kTables);
  std::stop_source stop;
  std::future<TaskAnswer<api::LoadResult>> running;
  const TableLock lock(tenant, "songs");
  running = std::async(std::launch::async, [&] {
    return tenant.Load(LoadCall{.datasets = {Inline("artists", "artists", "artist_id,name\na,A\n"),
                                             Inline("songs", "songs", R"([{"song_id":"a"}])")},
                                .stop = stop.get_token()});
  });
  ASSERT_TRUE(Await(tenant, WaitingLoads("cancelled"), "1"));
  stop.request_stop();

  const auto cancelled = running.get();

  EXPECT_EQ(cancelled.code(), ErrorCode::kCancelled) << cancelled.message();
  EXPECT_EQ(cancelled.result.datasets.size(), 1U);
  EXPECT_EQ(tenant.Ask("SELECT string_agg(table_name, ' ') FROM tenantry_loads.loads WHERE"
                       " role_name = 'tenant_cancelled_app'"),
            "artists");
}

TEST(LoadLife, ALoadThatIsStoppedBeforeItBeginsDoesNothing) {
  const Tenant tenant("stopped", kTables);
  std::stop_source stop;
  stop.request_stop();
  const auto stopped = tenant.Load(LoadCall{
      .datasets = {Inline("songs", "songs", R"([{"song_id":"a"}])")}, .stop = stop.get_token()});
  EXPECT_EQ(stopped.code(), ErrorCode::kCancelled);
}

TEST(LoadLife, ALostAnswerToCommitIsUnknownAndTheRepeatedLoadANoOp) {
  const Tenant tenant("lost", kTables);
  const api::LoadDataset dataset = Inline("songs", "songs", R"([{"song_id":"a"}])");
  testing::TcpProxy proxy("127.0.0.1", Postgres().port());
  // A load has several sessions; only one of them commits.
  proxy.Add(
      {.when = testing::TcpFault::When::kAnswer, .pattern = testing::CommitMessage(), .times = 9});
  const auto lost = tenant.Load(LoadCall{.datasets = {dataset}, .port = proxy.port()});
  ASSERT_EQ(lost.code(), ErrorCode::kOutcomeUnknown) << lost.message();

  const auto again = tenant.Load(dataset);

  EXPECT_EQ(Counts(again), "1 0 0 1 0 0");
  EXPECT_TRUE(again.result.datasets.at(0).skipped_by_hash);
}

TEST(LoadLife, TwoAgentsLoadADatasetOnce) {
  const Tenant tenant("twice", kTables);
  const api::LoadDataset dataset = Inline("songs", "songs", R"([{"song_id":"a"},{"song_id":"b"}])");
  std::future<TaskAnswer<api::LoadResult>> first, second;
  {
    const TableLock lock(tenant, "songs");
    first = std::async(std::launch::async, [&] { return tenant.Load(dataset); });
    second = std::async(std::launch::async, [&] { return tenant.Load(dataset); });
    ASSERT_TRUE(Await(tenant, WaitingLoads("twice"), "2"));
  }
  const auto one = first.get(), two = second.get();
  ASSERT_EQ(one.message() + two.message(), "");
  EXPECT_NE(one.result.datasets.at(0).skipped_by_hash, two.result.datasets.at(0).skipped_by_hash);
  EXPECT_EQ(tenant.Ask("SELECT count(*) FROM {s}.songs"), "2");
}

// Tenants of small tiers have few sessions, and their apps use some.
TEST(LoadLife, ADatasetNeedsOneSessionOfTheTenant) {
  const Tenant tenant("onesession", kTables);
  const auto held = postgres::Connection::Open(tenant.login(), "app");
  ASSERT_TRUE(held);
  ASSERT_TRUE(Postgres().Script("app", "ALTER ROLE tenant_onesession_app CONNECTION LIMIT 2"));
  // A session that was closed may count for a moment.
  TaskAnswer<api::LoadResult> loaded;
  for (int tries = 0; tries < 20; ++tries) {
    loaded = tenant.Load(Inline("songs", "songs", R"([{"song_id":"a"},{"song_id":"b"}])"));
    if (!loaded.error) {
      break;
    }
  }
  EXPECT_EQ(Counts(loaded), "2 2 0 0 0 0");
}

TEST(LoadLife, AnUnreachableServerIsTransient) {
  const Tenant tenant("unreachable", kTables);
  const auto refused =
      tenant.Load(LoadCall{.datasets = {Inline("songs", "songs", "[]")}, .port = 1});
  EXPECT_EQ(refused.code(), ErrorCode::kUnavailable);
  EXPECT_EQ(refused.reason(), api::reason::kDatabaseUnreachable);
}

TEST(LoadLife, AFileThatChangesWhileItsLoadWaitsIsLoadedAsItIsThen) {
  const Tenant tenant("changing", kTables);
  std::string folder = (std::filesystem::temp_directory_path() / "tenantry-XXXXXX").string();
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  std::ofstream(folder + "/songs.csv") << "song_id\na\nb\n";
  api::LoadDataset dataset = Inline("songs", "songs", "");
  dataset.dataset.source = {.inline_text = {}, .volume_path = "songs.csv"};
  dataset.origin.clear();
  // The first load holds the dataset's lock, and the second waits for it.
  std::future<TaskAnswer<api::LoadResult>> first, second;
  {
    const TableLock lock(tenant, "songs");
    first = std::async(std::launch::async,
                       [&] { return tenant.Load(Inline("songs", "songs", "song_id\nx\n")); });
    ASSERT_TRUE(Await(tenant, WaitingLoads("changing"), "1"));
    second = std::async(std::launch::async, [&] {
      return tenant.Load(LoadCall{.datasets = {dataset}, .fixtures_dir = folder});
    });
    ASSERT_TRUE(Await(tenant, WaitingLoads("changing"), "2"));
    std::ofstream(folder + "/songs.csv") << "song_id\na\nc\n";
  }
  EXPECT_EQ(Counts(first.get()), "1 1 0 0 0 0");
  const auto changed = second.get();
  EXPECT_EQ(Counts(changed), "2 2 0 0 0 0");
  EXPECT_EQ(tenant.Ask("SELECT string_agg(song_id, ' ' ORDER BY song_id) FROM {s}.songs"), "a c x");
  std::filesystem::remove_all(folder);
}

TEST(LoadLife, SharedTablesKeepTenantsApart) {
  const Tenant acme("rowsacme", "", api::Isolation::kRowLevel);
  const Tenant globex("rowsglobex", "", api::Isolation::kRowLevel);
  const std::string text = R"([{"artist_id":"ar1","name":"A"}])";
  EXPECT_EQ(Counts(acme.Load(Inline("artists", "artists", text))), "1 1 0 0 0 0");
  // The same key is another tenant's own.
  EXPECT_EQ(Counts(globex.Load(Inline("artists", "artists", text, api::Conflict::kUpdate))),
            "1 1 0 0 0 0");
  EXPECT_EQ(acme.AskAsTenant("SELECT string_agg(tenant_id, ' ') FROM {s}.artists"), "rowsacme");
  EXPECT_EQ(globex.AskAsTenant("SELECT string_agg(tenant_id, ' ') FROM {s}.artists"), "rowsglobex");
  EXPECT_EQ(globex.AskAsTenant("SELECT string_agg(role_name, ' ') FROM tenantry_loads.loads"),
            "tenant_rowsglobex_app");

  const auto foreign =
      globex.Load(Inline("foreign", "artists",
                         R"([{"tenant_id":"rowsglobex","artist_id":"ar2","name":"B"},
          {"tenant_id":"rowsacme","artist_id":"ar3","name":"C"}])"));

  EXPECT_THAT(foreign.message(),
              HasSubstr("Record 2 of dataset foreign (byte 68 of key foreign in ConfigMap files): "
                        "row-level security refuses it, as a row of another tenant"));
  EXPECT_EQ(foreign.reason(), api::reason::kInvalidData);
  EXPECT_EQ(acme.Ask("SELECT count(*) FROM {s}.artists WHERE artist_id IN ('ar2', 'ar3')"), "0");
}

TEST(LoadLife, SharedTablesKnowTheirTwinsByTenant) {
  const Tenant tenant("rowstwins", "", api::Isolation::kRowLevel);
  const auto loaded = tenant.Load(Inline(
      "artists", "artists", R"([{"artist_id":"a","name":"A"},{"artist_id":"a","name":"B"}])"));
  EXPECT_THAT(loaded.message(), HasSubstr("its key is there already, and \"artists_pkey\""));
  const auto orphan = tenant.Load(
      Inline("albums", "albums", R"([{"album_id":"x","artist_id":"nobody","title":"T"}])"));
  EXPECT_THAT(
      orphan.message(),
      HasSubstr("Record 1 of dataset albums (byte 1 of key albums in ConfigMap files): what it "
                "refers to is not there (foreign key \"albums_"));
}

}  // namespace
}  // namespace tenantry::load
