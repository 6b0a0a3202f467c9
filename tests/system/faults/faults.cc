#include "tests/system/faults/faults.h"

#include <cstdlib>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <map>
#include <sstream>
#include <utility>

namespace tenantry::testing {
namespace {

constexpr std::chrono::seconds kPatience{90};  // backoffs included

constexpr char kArtists[] = R"(apiVersion: tenantry.dev/v1alpha1
kind: FixtureSet
metadata: {name: artists}
spec:
  tenantRef: {name: acme}
  datasets:
    - name: artists
      target: {table: artists}
      conflict: Update
      source: {inline: '[{"artist_id": "a1", "name": "Alex"}, {"artist_id": "a2", "name": "Bo"}]'}
)";

// "one,two" of a query's first column.
std::string Column(const Answer& answer) {
  std::string text = answer.error;
  for (const auto& row : answer.rows) {
    text += (text.empty() ? "" : ",") + row.at(0);
  }
  return text;
}

}  // namespace

Acme::Acme() : TenantTest("faults") { EXPECT_TRUE(BecomesReady("datastore", "main")); }

void Acme::Begin() const {
  BeginTenant();
  BeginFixtures();
}

void Acme::BeginTenant() const {
  Apply(TenantYaml("acme", "Schema", "  schema: {template: Music}\n  deletionPolicy: Delete\n"));
}

void Acme::BeginFixtures() const { Apply(kArtists); }

void Acme::UsePlainPostgres() const {
  std::string yaml = DataStoreYaml("main");
  yaml.replace(yaml.find("adminSecretRef"), 0, "sslMode: Disable, ");
  Apply(yaml);
  ASSERT_TRUE(BecomesReady("datastore", "main"));
}

void Acme::ExpectUnready(const std::string& kind, const std::string& name,
                         const std::string& reason, Shape shape,
                         const std::vector<std::string>& mentions) const {
  const std::string message = BecomesUnready(kind, name, reason, kPatience);
  for (const std::string& mention : mentions) {
    EXPECT_NE(message.find(mention), std::string::npos) << message << "\nlacks: " << mention;
  }
  const char* condition = shape == Shape::kStalled ? "Stalled" : "Reconciling";
  EXPECT_EQ(Condition(kind, name, condition).status, "True") << Get(kind, name).dump(2);
  Judge();
}

void Acme::BecomeWhole() const {
  ASSERT_TRUE(BecomesReady("tenant", "acme", kPatience));
  ASSERT_TRUE(BecomesReady("fixtureset", "artists", kPatience));
  ExpectWhole();
}

void Acme::ExpectWhole() const {
  const std::string tenant = "tenant_" + Unique("acme");
  EXPECT_EQ(Roles(), tenant + "_app," + tenant + "_owner," + tenant + "_reader");
  EXPECT_EQ(
      Column(QueryAsAdmin("SELECT nspname FROM pg_namespace WHERE nspname LIKE '" + tenant + "%'")),
      tenant);
  EXPECT_EQ(Owned(kube::kSecrets), "acme-cache,acme-connection");
  EXPECT_EQ(Owned(kube::kConfigMaps), "acme-config");
  EXPECT_EQ(Get("tenant", "acme")["status"]["binding"]["name"], "acme-connection");
  EXPECT_EQ(Column(QueryAsTenant("acme", "SELECT artist_id FROM artists ORDER BY 1")), "a1,a2");
  std::map<std::string, int> times;
  for (const auto& [kind, name] :
       {std::pair{"Tenant", "acme"}, std::pair{"FixtureSet", "artists"}}) {
    for (const Json& event : Events(kind, name)) {
      const std::string text = kind + (": " + event["reason"].get<std::string>()) + " " +
                               event["note"].get<std::string>();
      const std::string life = event["regarding"].value("uid", "");
      EXPECT_EQ(++times[life + text], 1) << text;
    }
  }
}

void Acme::ExpectRemovable() const {
  Remove();
  ExpectGone();
}

void Acme::Remove() const {
  EXPECT_TRUE(Kubectl({"delete", "--wait=false", "fixtureset/artists", "tenant/acme"}));
}

void Acme::ExpectGone() const {
  EXPECT_TRUE(Disappears("fixtureset", "artists", kPatience));
  EXPECT_TRUE(Disappears("tenant", "acme", kPatience));
  EXPECT_EQ(Roles(), "");
  EXPECT_EQ(Owned(kube::kSecrets), "");
}

// Names of the objects of a kind that belong to another object.
std::string Acme::Owned(const kube::Resource& resource) const {
  std::string names;
  const auto keep = [&](const Json& object) {
    if (object["metadata"].contains("ownerReferences")) {
      names += (names.empty() ? "" : ",") + object["metadata"]["name"].get<std::string>();
    }
    return true;
  };
  const auto listed =
      Programs::Instance().kube().List(resource, {.ns = api::Namespace(ns())}, keep);
  EXPECT_TRUE(listed) << listed.error().message;
  return names;
}

std::string Acme::Roles() const {
  return Column(QueryAsAdmin("SELECT rolname FROM pg_roles WHERE rolname LIKE 'tenant\\_" +
                             Unique("acme") + "%' ORDER BY 1"));
}

void FaultClock::Note(const std::string& what) {
  const auto now = std::chrono::steady_clock::now();
  const double took = std::chrono::duration<double>(now - since_).count();
  since_ = now;
  std::ostringstream line;
  line << "FAULT | " << fault_ << " | " << what << " | " << std::fixed << std::setprecision(1)
       << took << "\n";
  std::cout << line.str() << std::flush;
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing sets it
  if (const char* table = std::getenv("TENANTRY_FAULT_TABLE"); table != nullptr) {
    std::ofstream(table, std::ios::app) << line.str();
  }
}

void Faults::TearDown() {
  if (!HasFailure()) {
    return;
  }
  for (const HttpProxy* proxy : {&proxies_.api(), &proxies_.agent()}) {
    for (const std::string& fault : proxy->Befallen()) {
      std::cout << fault << "\n";
    }
  }
}

}  // namespace tenantry::testing
