// Tenants cannot reach each other: a thousand random tries in SQL and as many in Redis.

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "tests/system/harness/harness.h"

namespace tenantry::testing {
namespace {

constexpr int kTries = 1000;  // in each of SQL and Redis
constexpr char kMusic[] = "  schema: {template: Music}\n";

// One tenant of each isolation, and two where tables are shared.
struct Party {
  std::string name;
  std::string isolation;
};
const std::vector<Party> kParties = {
    {"plain", "Schema"}, {"own", "Database"}, {"shared", "RowLevel"}, {"neighbour", "RowLevel"}};

class Attacker {
 public:
  Attacker(const TenantTest& test, unsigned seed) : test_(test), random_(seed) {}

  // A statement of tenant `from` against the data of tenant `to`, and what must be true of it.
  struct Attempt {
    std::string sql;
    bool may_succeed_with_nothing;  // row security hides rows instead of refusing
  };

  Attempt Make(const Party& to) {
    static const std::vector<std::string> kTables = {
        "artists", "albums", "tracks", "users", "listening_history", "analytics_events"};
    const std::string id = test_.Unique(to.name);
    const std::string schema = to.isolation == "RowLevel" ? "shared_music" : "tenant_" + id;
    const std::string table = schema + "." + Pick(kTables);
    const std::string mine = " WHERE tenant_id = '" + id + "'";
    const std::vector<Attempt> attempts = {
        {"SELECT * FROM " + table + mine, true},
        {"SELECT count(*) FROM " + table + mine + " HAVING count(*) > 0", true},
        {"UPDATE " + table + " SET tenant_id = tenant_id" + mine + " RETURNING 1", true},
        {"DELETE FROM " + table + mine + " RETURNING 1", true},
        {"INSERT INTO " + schema + ".artists (tenant_id, artist_id, name) VALUES ('" + id +
             "', 'evil" + std::to_string(random_()) + "', 'x') RETURNING 1",
         false},
        {"TRUNCATE " + table + " CASCADE", false},
        {"ALTER TABLE " + table + " DISABLE ROW LEVEL SECURITY", false},
        {"DROP TABLE " + table + " CASCADE", false},
        {"SET ROLE tenant_" + id + "_app", false},
        {"SET ROLE tenant_" + id + "_owner", false},
        {"GRANT tenant_" + id + "_app TO CURRENT_USER", false},
        {"ALTER ROLE tenant_" + id + "_app PASSWORD 'x'", false},
        {"CREATE SCHEMA evil" + std::to_string(random_()), false},
        {"SET row_security = off; SELECT * FROM " + table + mine, true},
        {"SELECT * FROM tenantry.tenants" + mine, true},
        {"SELECT * FROM tenantry.row_tenants" + mine, true},
        {"SELECT * FROM tenantry.my_config" + mine, true},
        {"UPDATE tenantry.loads SET content_hash = ''" + mine + " RETURNING 1", true},
        {"DELETE FROM tenantry_loads.loads WHERE role_name = 'tenant_" + id + "_app' RETURNING 1",
         true},
        {"COPY " + table + " TO '/tmp/evil'", false},
        {"SELECT pg_read_file('/etc/passwd')", false},
    };
    return attempts[random_() % attempts.size()];
  }

  std::vector<std::string> MakeRedis(const Party& to) {
    const std::string key = test_.Unique(to.name) + ":secret";
    const std::vector<std::vector<std::string>> commands = {
        {"GET", key},
        {"SET", key, "evil"},
        {"DEL", key},
        {"EXISTS", key},
        {"TYPE", key},
        {"RENAME", key, "x"},
        {"COPY", key, "x"},
        {"EVAL", "return redis.call('get', KEYS[1])", "1", key},
        {"EVAL", "return redis.call('get', '" + key + "')", "0"},
        {"KEYS", "*"},
        {"SCAN", "0"},
        {"RANDOMKEY"},
        {"DBSIZE"},
        {"FLUSHALL"},
        {"FLUSHDB"},
        {"CONFIG", "GET", "*"},
        {"ACL", "LIST"},
        {"ACL", "SETUSER", "evil", "on"},
        {"SUBSCRIBE", test_.Unique(to.name) + ":channel"},
        {"PUBLISH", test_.Unique(to.name) + ":channel", "x"},
        {"PUBSUB", "CHANNELS"},
        {"CLIENT", "LIST"},
        {"MONITOR"},
        {"SELECT", "1"},
        {"DEBUG", "OBJECT", key},
        {"OBJECT", "ENCODING", key},
        {"SORT", key},
        {"MIGRATE", "127.0.0.1", "1", key, "0", "1"},
    };
    return commands[random_() % commands.size()];
  }

  const Party& AnyBut(const Party& other) {
    while (true) {
      const Party& party = kParties[random_() % kParties.size()];
      if (party.name != other.name) {
        return party;
      }
    }
  }
  const Party& Any() { return kParties[random_() % kParties.size()]; }

 private:
  const std::string& Pick(const std::vector<std::string>& choices) {
    return choices[random_() % choices.size()];
  }

  const TenantTest& test_;
  std::mt19937 random_;
};

class Isolation : public ::testing::Test {
 protected:
  Isolation() : test_("isolation") {
    for (const Party& party : kParties) {
      test_.Apply(test_.TenantYaml(party.name, party.isolation, kMusic));
    }
    for (const Party& party : kParties) {
      EXPECT_TRUE(test_.BecomesReady("tenant", party.name));
      const auto insert = test_.QueryAsTenant(
          party.name, "INSERT INTO artists (artist_id, name) VALUES ('s', 'secret')");
      EXPECT_TRUE(insert.ok()) << insert.error;
      EXPECT_TRUE(
          test_.RedisAsTenant(party.name, {"SET", test_.Unique(party.name) + ":secret", "mine"})
              .ok());
    }
  }

  TenantTest test_;
};

TEST_F(Isolation, RefusesAThousandRandomTriesInSqlAndRedis) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Attacker attacker(test_, seed);
  std::map<std::string, SqlSession> sql;
  std::map<std::string, RedisSession> redis;
  for (const Party& party : kParties) {
    sql.emplace(party.name, test_.SqlAsTenant(party.name));
    redis.emplace(party.name, test_.RedisAsTenant(party.name));
  }
  for (int i = 0; i < kTries; ++i) {
    const Party& from = attacker.Any();
    const Party& to = attacker.AnyBut(from);
    const Attacker::Attempt attempt = attacker.Make(to);
    const Answer fresh = sql.at(from.name).Run("DISCARD ALL");  // what the last try has set
    ASSERT_TRUE(fresh.ok()) << fresh.error;
    const Answer answer = sql.at(from.name).Run(attempt.sql);
    const bool harmless = !answer.ok() || (attempt.may_succeed_with_nothing && answer.rows.empty());
    ASSERT_TRUE(harmless) << from.name << " → " << to.name << ": " << attempt.sql << "\n"
                          << answer.first();
    const std::vector<std::string> command = attacker.MakeRedis(to);
    const Answer reply = redis.at(from.name).Run(command);
    ASSERT_FALSE(reply.ok()) << from.name << " → " << to.name << ": " << command[0] << " "
                             << (command.size() > 1 ? command[1] : "") << " gave " << reply.first();
    const std::string own = test_.Unique(from.name) + ":secret";
    ASSERT_EQ(redis.at(from.name).Run({"GET", own}).first(), "mine") << "after " << reply.error;
  }
  for (const Party& party : kParties) {
    EXPECT_EQ(test_.QueryAsTenant(party.name, "SELECT string_agg(name, ',') FROM artists").first(),
              "secret");
    EXPECT_EQ(
        test_.RedisAsTenant(party.name, {"GET", test_.Unique(party.name) + ":secret"}).first(),
        "mine");
  }
}

}  // namespace
}  // namespace tenantry::testing
