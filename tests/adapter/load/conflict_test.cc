#include <map>
#include <random>

#include "common/api/reasons.h"
#include "tests/adapter/load/tables.h"
#include "tests/adapter/load/world.h"

namespace tenantry::load {
namespace {

using api::Conflict;
using ::testing::HasSubstr;

TEST(Conflict, ErrorRefusesTheWholeDataset) {
  const Tenant tenant("conflicterror", kTables);
  ASSERT_EQ(Counts(tenant.Load(Inline("one", "songs", R"([{"song_id":"b","title":"old"}])"))),
            "1 1 0 0 0 0");
  EXPECT_EQ(
      Counts(tenant.Load(Inline("two", "songs", "song_id,title\na,new\nb,new\nc,new\n"))),
      "Column \"song_id\" of dataset two, record 2 (byte 20 of key two in ConfigMap files): song_id"
      " = b is there already, and \"songs_pkey\" wants it to be unique. Remove one of the two, or"
      " choose another conflict word.");
  EXPECT_EQ(tenant.Ask("SELECT string_agg(song_id || title, ' ') FROM {s}.songs"), "bold");
  EXPECT_EQ(tenant.Ask("SELECT string_agg(source, ' ') FROM tenantry_loads.loads"
                       " WHERE role_name = 'tenant_conflicterror_app'"),
            "key one in ConfigMap files");
}

TEST(Conflict, ErrorNamesTwinsWithinTheDataset) {
  const Tenant tenant("twins", kTables);
  EXPECT_EQ(
      Counts(tenant.Load(Inline(
          "two", "songs", R"([{"song_id":"a"},{"song_id":"b"},{"song_id":"c"},{"song_id":"b"}])"))),
      "Column \"song_id\" of dataset two, record 4 (byte 49 of key two in ConfigMap files): song_id"
      " = b is there already, and \"songs_pkey\" wants it to be unique. Remove one of the two, or"
      " choose another conflict word.");
}

TEST(Conflict, SkipKeepsWhatIsThereAndTheFirstOfTwins) {
  const Tenant tenant("skip", kTables);
  ASSERT_EQ(Counts(tenant.Load(Inline("one", "songs", R"([{"song_id":"b","title":"old"}])"))),
            "1 1 0 0 0 0");
  EXPECT_EQ(Counts(tenant.Load(
                Inline("two", "songs", "song_id,title\na,1\nb,2\na,3\nc,4\n", Conflict::kSkip))),
            "4 2 0 0 2 0");
  EXPECT_EQ(tenant.Ask("SELECT string_agg(song_id || title, ' ' ORDER BY song_id) FROM {s}.songs"),
            "a1 bold c4");
}

TEST(Conflict, UpdateCountsExactlyAndTakesTheLastOfTwins) {
  const Tenant tenant("update", kTables);
  ASSERT_EQ(Counts(tenant.Load(Inline("one", "songs", "song_id,title,note\na,x,1\nb,x,2\nc,,3\n"))),
            "3 3 0 0 0 0");
  const std::string untouched = tenant.Ask("SELECT xmin FROM {s}.songs WHERE song_id = 'c'");
  // a changes, b comes twice and stays as it is, c is the same (NULL, json), d is new and twice.
  EXPECT_EQ(Counts(tenant.Load(Inline("two", "songs",
                                      "song_id,title,note\na,y,1\nb,z,2\nc,,3\nd,1,\nb,x,2\nd,2,\n",
                                      Conflict::kUpdate))),
            "6 1 1 2 2 0");
  EXPECT_EQ(tenant.Ask("SELECT string_agg(song_id || coalesce(title, '-'), ' ' ORDER BY song_id)"
                       " FROM {s}.songs"),
            "ay bx c- d2");
  EXPECT_EQ(tenant.Ask("SELECT xmin FROM {s}.songs WHERE song_id = 'c'"), untouched);
}

TEST(Conflict, UpdateLeavesColumnsThatAreNotInTheDataAlone) {
  const Tenant tenant("untouched", kTables);
  ASSERT_EQ(
      Counts(tenant.Load(Inline("one", "songs", R"([{"song_id":"a","title":"x","plays":1}])"))),
      "1 1 0 0 0 0");
  EXPECT_EQ(Counts(tenant.Load(
                Inline("two", "songs", R"([{"song_id":"a","title":"y"}])", Conflict::kUpdate))),
            "1 0 1 0 0 0");
  EXPECT_EQ(tenant.Ask("SELECT title || plays FROM {s}.songs"), "y1");
}

TEST(Conflict, UpdateOfKeysAloneFindsThemUnchanged) {
  const Tenant tenant("keysonly", kTables);
  ASSERT_EQ(Counts(tenant.Load(Inline("one", "songs", R"([{"song_id":"a"}])"))), "1 1 0 0 0 0");
  EXPECT_EQ(Counts(tenant.Load(
                Inline("two", "songs", R"([{"song_id":"a"},{"song_id":"b"}])", Conflict::kUpdate))),
            "2 1 0 1 0 0");
}

TEST(Conflict, AnotherUniqueKeyServesAsWell) {
  const Tenant tenant("otherkey", kTables);
  ASSERT_EQ(
      Counts(tenant.Load(Inline("one", "songs", R"([{"song_id":"a","code":"X1","title":"x"}])"))),
      "1 1 0 0 0 0");
  EXPECT_EQ(
      Counts(tenant.Load(Inline("two", "songs", R"([{"code":"X1","song_id":"a","title":"y"}])",
                                Conflict::kUpdate, {"code"}))),
      "1 0 1 0 0 0");
  EXPECT_THAT(Counts(tenant.Load(
                  Inline("three", "songs", R"([{"title":"y"}])", Conflict::kUpdate, {"title"}))),
              HasSubstr("has no unique index on (title); it has (song_id), (code)"));
}

TEST(Conflict, ATableWithoutAKeyTakesPlainInsertsOnly) {
  const Tenant tenant("keyless", kTables);
  EXPECT_EQ(Counts(tenant.Load(Inline("one", "keyless", R"([{"label":"a"},{"label":"a"}])"))),
            "2 2 0 0 0 0");
  const auto refused = tenant.Load(Inline("two", "keyless", R"([{"label":"a"}])", Conflict::kSkip));
  EXPECT_EQ(refused.reason(), api::reason::kInvalidSpec);
  EXPECT_THAT(refused.message(), HasSubstr("has no primary key"));
}

TEST(Conflict, PartitionedTablesCountAsWell) {
  const Tenant tenant("partitioned", kTables);
  ASSERT_EQ(Counts(tenant.Load(Inline("one", "events", "id,day,label\n1,2026-01-01,x\n"))),
            "1 1 0 0 0 0");
  EXPECT_EQ(
      Counts(tenant.Load(LoadCall{
          .datasets = {Inline("two", "events", "id,day,label\n1,2026-01-01,y\n2,2026-01-01,z\n",
                              Conflict::kUpdate)},
          .track_rows = true})),
      "2 1 1 0 0 0");
}

// Random tables and datasets against a model: contents and counters must agree.
TEST(Conflict, CountersAndContentsAgreeWithAModel) {
  const Tenant tenant("model", kTables);
  std::mt19937 random(20261121);
  const auto pick = [&](int limit) { return std::uniform_int_distribution<int>(0, limit)(random); };
  std::map<int, std::string> model;
  for (int round = 0; round < 25; ++round) {
    const Conflict conflict = pick(1) == 0 ? Conflict::kSkip : Conflict::kUpdate;
    std::map<int, std::string> in_file;
    std::string text = "id,name\n";
    const int records = 1 + pick(30);
    for (int i = 0; i < records; ++i) {
      const int id = pick(25);
      const std::string name = std::string(1, static_cast<char>('a' + pick(2)));
      text += std::to_string(id) + "," + name + "\n";
      if (conflict == Conflict::kUpdate) {
        in_file[id] = name;
      } else {
        in_file.emplace(id, name);
      }
    }
    api::Counters expected;
    expected.read = records;
    expected.skipped = records - static_cast<int>(in_file.size());
    for (const auto& [id, name] : in_file) {
      const auto [known, is_new] = model.emplace(id, name);
      if (is_new) {
        ++expected.inserted;
      } else if (conflict == Conflict::kSkip) {
        ++expected.skipped;
      } else if (known->second == name) {
        ++expected.unchanged;
      } else {
        ++expected.updated;
        known->second = name;
      }
    }
    const auto loaded =
        tenant.Load(Inline("d" + std::to_string(round), "required", text, conflict));
    ASSERT_EQ(loaded.message(), "") << text;
    ASSERT_EQ(loaded.result.datasets.at(0).status.counters, expected) << text;
    std::string contents;
    for (const auto& [id, name] : model) {
      contents += (contents.empty() ? "" : " ") + std::to_string(id) + name;
    }
    ASSERT_EQ(tenant.Ask("SELECT string_agg(id || name, ' ' ORDER BY id) FROM {s}.required"),
              contents);
  }
}

}  // namespace
}  // namespace tenantry::load
