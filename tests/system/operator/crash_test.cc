// kill -9 in the middle of things: the outcome is the same as without.

#include <gtest/gtest.h>

#include <fstream>

#include "tests/system/harness/harness.h"

namespace tenantry::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int kRows = 200'000;
constexpr char kMusic[] = "  schema: {template: Music}\n";

// A fixture file that takes a while.
std::string WriteArtists(const TenantTest& test) {
  const std::string file = test.Unique("artists") + ".csv";
  std::ofstream out(Programs::Instance().fixtures_dir() / file);
  out << "artist_id,name,genres\n";
  for (int i = 0; i < kRows; ++i) {
    out << "artist_" << i << ",Artist number " << i << ",\"[\"\"Pop\"\"]\"\n";
  }
  return file;
}

std::string FixtureYaml(const std::string& file) {
  return R"(apiVersion: tenantry.dev/v1alpha1
kind: FixtureSet
metadata: {name: artists}
spec:
  tenantRef: {name: acme}
  datasets:
    - name: artists
      target: {table: artists}
      source: {volume: {path: )" +
         file + "}}\n";
}

struct Crash {
  const char* name;
  void (Programs::*kill)();
  void (Programs::*start)();
};

std::string Named(const ::testing::TestParamInfo<Crash>& info) { return info.param.name; }

class Killed : public ::testing::TestWithParam<Crash> {
 protected:
  void KillAndStart() {
    Programs& programs = Programs::Instance();
    (programs.*GetParam().kill)();
    (programs.*GetParam().start)();
  }
};

INSTANTIATE_TEST_SUITE_P(
    Program, Killed,
    ::testing::Values(Crash{"Operator", &Programs::KillOperator, &Programs::StartOperator},
                      Crash{"Agent", &Programs::KillAgent, &Programs::StartAgent}),
    Named);

TEST_P(Killed, InTheMiddleOfProvisioningChangesNothingInTheEnd) {
  const TenantTest test("crash");
  ASSERT_TRUE(test.BecomesReady("datastore", "main"));
  for (const char* isolation : {"Schema", "Database", "RowLevel"}) {
    std::string name(isolation);
    name[0] = static_cast<char>(name[0] | 0x20);
    name = name == "rowLevel" ? "rowlevel" : name;
    test.Apply(test.TenantYaml(name, isolation, kMusic));
    // In the middle: the roles are there, the end is not.
    const std::string role =
        "SELECT 1 FROM pg_roles WHERE rolname LIKE 'tenant\\_" + test.Unique(name) + "\\_%'";
    ASSERT_TRUE(WaitUntil(
        seconds(20), [&] { return TenantTest::QueryAsAdmin(role).first() == "1"; },
        milliseconds(1)));
    KillAndStart();
    ASSERT_TRUE(test.BecomesReady("tenant", name));
    EXPECT_EQ(test.QueryAsTenant(name, "SELECT count(*) FROM artists").first(), "0");
  }
  test.Judge();
}

TEST_P(Killed, InTheMiddleOfALoadNeitherLosesNorDoublesARow) {
  const TenantTest test("crashload");
  test.Apply(test.TenantYaml("acme", "Schema", kMusic));
  ASSERT_TRUE(test.BecomesReady("tenant", "acme"));
  test.Apply(FixtureYaml(WriteArtists(test)));
  // In the middle: the tenant's own login has a transaction that has written.
  const std::string loading =
      "SELECT 1 FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE usename = 'tenant_" +
      test.Unique("acme") + "_app' AND locktype = 'transactionid'";
  ASSERT_TRUE(WaitUntil(
      seconds(20), [&] { return TenantTest::QueryAsAdmin(loading).first() == "1"; },
      milliseconds(1)));
  KillAndStart();
  ASSERT_TRUE(test.BecomesReady("fixtureset", "artists", seconds(120)));
  EXPECT_EQ(test.QueryAsTenant("acme", "SELECT count(*) FROM artists").first(),
            std::to_string(kRows));
  const Json dataset = test.Get("fixtureset", "artists")["status"]["datasets"][0];
  EXPECT_EQ(dataset["read"], kRows);
  EXPECT_EQ(dataset.value("inserted", 0) + dataset.value("unchanged", 0), kRows);
}

}  // namespace
}  // namespace tenantry::testing
