#include "common/api/reasons.h"
#include "tests/adapter/load/tables.h"
#include "tests/adapter/load/world.h"

namespace tenantry::load {
namespace {

using ::testing::HasSubstr;

LoadCall Tracked(std::vector<api::LoadDataset> datasets) {
  return {.datasets = std::move(datasets), .track_rows = true};
}

TEST(Unload, RemovesExactlyWhatTheSetInserted) {
  const Tenant tenant("unload", kTables);
  ASSERT_EQ(tenant
                .Load(LoadCall{.datasets = {Inline("theirs", "artists", "artist_id,name\nb,B\n")},
                               .fixture_set = "set-2"})
                .message(),
            "");
  ASSERT_EQ(tenant
                .Load(Tracked({Inline("artists", "artists", "artist_id,name\na,A\nb,X\nc,C\n",
                                      api::Conflict::kUpdate),
                               Inline("songs", "songs",
                                      R"([{"song_id":"s","artist_id":"a"},
                                            {"song_id":"t","artist_id":"c","cover_of":"s"}])"),
                               Inline("events", "events", "id,day\n1,2026-05-05\n"),
                               Inline("numbered", "numbered", R"([{"label":"x"},{"label":"y"}])")}))
                .message(),
            "");
  // Gone meanwhile, and new meanwhile.
  ASSERT_TRUE(Postgres().Script("app",
                                "DELETE FROM tenant_unload.numbered WHERE label = 'x';"
                                "INSERT INTO tenant_unload.artists VALUES ('d', 'D')"));

  const auto unloaded = tenant.Unload();

  ASSERT_EQ(unloaded.message(), "");
  EXPECT_EQ(unloaded.result.rows_removed, 6);  // a, c, s, t, the event and y
  EXPECT_EQ(tenant.Ask("SELECT string_agg(artist_id || name, ' ' ORDER BY 1) FROM {s}.artists"),
            "bX dD");
  EXPECT_EQ(
      tenant.Ask("SELECT (SELECT count(*) FROM {s}.songs) + (SELECT count(*) FROM {s}.events) +"
                 " (SELECT count(*) FROM {s}.numbered)"),
      "0");
  EXPECT_EQ(tenant.Ask("SELECT count(*) FROM tenantry.loaded_rows WHERE tenant_id = 'unload'"),
            "0");
  EXPECT_EQ(tenant.Ask("SELECT string_agg(owner, ' ') FROM tenantry_loads.loads WHERE role_name ="
                       " 'tenant_unload_app'"),
            "set-2");
}

TEST(Unload, RepeatedIsHarmlessAndTheSetCanBeLoadedAgain) {
  const Tenant tenant("unloadagain", kTables);
  const LoadCall call = Tracked({Inline("artists", "artists", "artist_id,name\na,A\n")});
  ASSERT_EQ(Counts(tenant.Load(call)), "1 1 0 0 0 0");
  EXPECT_EQ(tenant.Unload().result.rows_removed, 1);
  EXPECT_EQ(tenant.Unload().result.rows_removed, 0);
  EXPECT_EQ(Counts(tenant.Load(call)), "1 1 0 0 0 0");
}

TEST(Unload, RowsOfEveryLoadOfTheSetGo) {
  const Tenant tenant("unloadmore", kTables);
  ASSERT_EQ(Counts(tenant.Load(Tracked({Inline("a", "artists", "artist_id,name\na,A\n")}))),
            "1 1 0 0 0 0");
  ASSERT_EQ(Counts(tenant.Load(Tracked(
                {Inline("a", "artists", "artist_id,name\na,A\nb,B\n", api::Conflict::kSkip)}))),
            "2 1 0 0 1 0");
  EXPECT_EQ(tenant.Unload().result.rows_removed, 2);
}

TEST(Unload, IsRefusedWhileOtherRowsReferToOurs) {
  const Tenant tenant("unloadref", kTables);
  ASSERT_EQ(Counts(tenant.Load(Tracked({Inline("a", "artists", "artist_id,name\na,A\nb,B\n")}))),
            "2 2 0 0 0 0");
  ASSERT_TRUE(Postgres().Script(
      "app", "INSERT INTO tenant_unloadref.songs (song_id, artist_id) VALUES ('theirs', 'a')"));

  const auto refused = tenant.Unload();

  EXPECT_EQ(refused.code(), ErrorCode::kInvalid);
  EXPECT_EQ(refused.reason(), api::reason::kFinalizerBlocked);
  EXPECT_THAT(refused.message(), HasSubstr("other rows refer to them (foreign key "
                                           "\"songs_artist_id_fkey\"; Key (artist_id)=(a)"));
  EXPECT_EQ(tenant.Ask("SELECT count(*) FROM {s}.artists"), "2");
  ASSERT_TRUE(Postgres().Script("app", "DELETE FROM tenant_unloadref.songs"));
  EXPECT_EQ(tenant.Unload().result.rows_removed, 2);
}

TEST(Unload, DoesNotReachFurtherByCascade) {
  const Tenant tenant("unloadcascade",
                      "CREATE TABLE parents (id integer PRIMARY KEY);"
                      "CREATE TABLE children (id integer PRIMARY KEY, parent integer"
                      " CONSTRAINT of_parent REFERENCES parents ON DELETE CASCADE);"
                      "CREATE TABLE notes (id integer PRIMARY KEY, parent integer"
                      " CONSTRAINT about_parent REFERENCES parents ON DELETE SET NULL)");
  ASSERT_EQ(tenant
                .Load(Tracked({Inline("parents", "parents", "id\n1\n2\n"),
                               Inline("children", "children", "id,parent\n1,1\n")}))
                .message(),
            "");
  ASSERT_TRUE(Postgres().Script("app", "INSERT INTO tenant_unloadcascade.children VALUES (2, 2)"));

  const auto refused = tenant.Unload();

  EXPECT_EQ(refused.reason(), api::reason::kFinalizerBlocked);
  EXPECT_THAT(refused.message(), HasSubstr("of_parent"));
  EXPECT_EQ(tenant.Ask("SELECT count(*) FROM {s}.children"), "2");
  ASSERT_TRUE(Postgres().Script("app",
                                "DELETE FROM tenant_unloadcascade.children WHERE id = 2;"
                                "INSERT INTO tenant_unloadcascade.notes VALUES (1, 1)"));
  EXPECT_THAT(tenant.Unload().message(), HasSubstr("about_parent"));
  ASSERT_TRUE(Postgres().Script("app", "DELETE FROM tenant_unloadcascade.notes"));
  EXPECT_EQ(tenant.Unload().result.rows_removed, 3);
}

TEST(Unload, TablesAndColumnsThatAreGoneAreNoHindrance) {
  const Tenant tenant("unloadgone", kTables);
  ASSERT_EQ(tenant
                .Load(Tracked({Inline("a", "artists", "artist_id,name\na,A\n"),
                               Inline("r", "required", "id,name\n1,x\n"),
                               Inline("g", "guarded", "id\n1\n")}))
                .message(),
            "");
  ASSERT_TRUE(Postgres().Script("app",
                                "DROP TABLE tenant_unloadgone.guarded;"
                                "ALTER TABLE tenant_unloadgone.required DROP COLUMN id"));
  const auto unloaded = tenant.Unload();
  ASSERT_EQ(unloaded.message(), "");
  EXPECT_EQ(unloaded.result.rows_removed, 1);
}

TEST(Unload, KeysOfEveryTypeAreFoundAgain) {
  const Tenant tenant(
      "unloadtypes",
      "CREATE TABLE t (a timestamptz, b numeric, c uuid, d bytea, e boolean, f text,"
      " g double precision, PRIMARY KEY (a, b, c, d, e, f, g))");
  ASSERT_EQ(
      tenant
          .Load(Tracked({Inline("t", "t",
                                R"([{"a":"2026-01-01 10:00:00.123456+05","b":1.50,"d":"\\x00ff",
                                 "c":"6f0b7a5e-0000-4000-8000-000000000001","e":true,
                                 "f":"q\"'\\ \u00e9","g":0.1},
                                {"a":"infinity","b":123456789012345678901234567890.5,"d":"",
                                 "c":"6f0b7a5e-0000-4000-8000-000000000002","e":false,
                                 "f":"","g":1e300}])")}))
          .message(),
      "");
  EXPECT_EQ(tenant.Unload().result.rows_removed, 2);
}

TEST(Unload, SharedTablesLoseTheTenantsRowsOnly) {
  const Tenant acme("unloadacme", "", api::Isolation::kRowLevel);
  const Tenant globex("unloadglobex", "", api::Isolation::kRowLevel);
  const LoadCall call =
      Tracked({Inline("artists", "artists", R"([{"artist_id":"shared","name":"A"}])")});
  ASSERT_EQ(Counts(acme.Load(call)), "1 1 0 0 0 0");
  ASSERT_EQ(Counts(globex.Load(call)), "1 1 0 0 0 0");

  EXPECT_EQ(acme.Unload().result.rows_removed, 1);

  EXPECT_EQ(acme.Ask("SELECT string_agg(tenant_id, ' ') FROM {s}.artists WHERE artist_id ="
                     " 'shared'"),
            "unloadglobex");
}

TEST(Unload, RowsThatWereNotTrackedStay) {
  const Tenant tenant("untracked", kTables);
  ASSERT_EQ(Counts(tenant.Load(Inline("a", "artists", "artist_id,name\na,A\n"))), "1 1 0 0 0 0");
  EXPECT_EQ(tenant.Unload().result.rows_removed, 0);
  EXPECT_EQ(tenant.Ask("SELECT count(*) FROM {s}.artists"), "1");
}

}  // namespace
}  // namespace tenantry::load
