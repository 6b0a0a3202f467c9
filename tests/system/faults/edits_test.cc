// Somebody edits what is the operator's, or what it depends on: it is put right, or said.

#include "tests/system/faults/faults.h"

namespace tenantry::testing {
namespace {

using std::chrono::seconds;

class EditsByHand : public Faults {
 protected:
  void Begin() {
    acme_.Begin();
    acme_.BecomeWhole();
  }
  void Patch(const std::string& object, const std::string& patch) {
    const auto patched = acme_.Kubectl({"patch", object, "--type=merge", "--patch", patch});
    ASSERT_TRUE(patched) << patched.error().message;
  }
  bool TenantCanLogIn() {
    return WaitUntil(seconds(30), [&] { return acme_.QueryAsTenant("acme", "SELECT 1").ok(); });
  }
};

TEST_F(EditsByHand, OfFinalizersAreUndone) {
  Begin();
  FaultClock clock("finalizer removed by hand");
  for (const auto& object : {std::pair{"tenant", "acme"}, std::pair{"fixtureset", "artists"},
                             std::pair{"datastore", "main"}}) {
    const std::string kind = object.first;
    const std::string name = object.second;
    Patch(kind + "/" + name, R"({"metadata":{"finalizers":null}})");
    EXPECT_TRUE(WaitUntil(seconds(20), [&] {
      return !acme_.Get(kind, name)["metadata"].value("finalizers", Json::array()).empty();
    })) << acme_.Get(kind, name).dump(2);
    clock.Note(kind + " has it again");
  }
  acme_.BecomeWhole();
  acme_.ExpectRemovable();
}

struct SecretEdit {
  const char* name;
  const char* patch;  // of the binding Secret; empty: it is deleted
};

std::string Named(const ::testing::TestParamInfo<SecretEdit>& info) { return info.param.name; }

class EditsOfBindings : public EditsByHand, public ::testing::WithParamInterface<SecretEdit> {};

INSTANTIATE_TEST_SUITE_P(
    Each, EditsOfBindings,
    ::testing::Values(SecretEdit{"Deleted", ""},
                      SecretEdit{"AnotherHost", R"({"stringData":{"host":"elsewhere"}})"},
                      SecretEdit{"AnotherPassword",
                                 R"({"stringData":{"password":"somebody-elses-choice-of-it"}})"},
                      SecretEdit{"ShortPassword", R"({"stringData":{"password":"x"}})"},
                      SecretEdit{"AnotherUser", R"({"stringData":{"username":"postgres"}})"},
                      SecretEdit{"NoData", R"({"data":null})"},
                      SecretEdit{"NoOwner", R"({"metadata":{"ownerReferences":null}})"}),
    Named);

TEST_P(EditsOfBindings, AreUndone) {
  Begin();
  const std::string before = acme_.Get("secret", "acme-connection")["metadata"]["resourceVersion"];
  FaultClock clock("binding Secret edited by hand: " + std::string(GetParam().name));
  if (std::string(GetParam().patch).empty()) {
    ASSERT_TRUE(acme_.Kubectl({"delete", "secret", "acme-connection"}));
  } else {
    Patch("secret/acme-connection", GetParam().patch);
  }
  EXPECT_TRUE(WaitUntil(seconds(30), [&] {
    const Json secret = acme_.Get("secret", "acme-connection");
    return secret.is_object() && secret["metadata"]["resourceVersion"] != before &&
           secret["metadata"].contains("ownerReferences") &&
           acme_.QueryAsTenant("acme", "SELECT 1").ok();
  }));
  clock.Note("the tenant can log in with it");
  acme_.BecomeWhole();
  acme_.ExpectRemovable();
}

TEST_F(EditsByHand, ThatGiveABindingsNameToSomebodyElseAreNamedAndLeftAlone) {
  Begin();
  FaultClock clock("binding Secret replaced by somebody else's");
  const auto replaced = testing::Kubectl(
      {"replace", "--namespace", acme_.ns(), "--filename", "-"},
      R"({"apiVersion":"v1","kind":"Secret","metadata":{"name":"acme-connection"},)"
      R"("type":"servicebinding.io/postgresql",)"
      R"("stringData":{"note":"mine"}})");
  ASSERT_TRUE(replaced) << replaced.error().message;
  acme_.ExpectUnready("tenant", "acme", "OwnershipConflict", Acme::Shape::kStalled,
                      {"Secret acme-connection", "not made by Tenantry", "Rename or delete it"});
  clock.Note("OwnershipConflict, Stalled");
  EXPECT_EQ(acme_.SecretData("acme-connection").at("note"), "mine");
  ASSERT_TRUE(acme_.Kubectl({"delete", "secret", "acme-connection"}));
  acme_.BecomeWhole();
  clock.Note("Ready once it is deleted");
  acme_.ExpectRemovable();
}

TEST_F(EditsByHand, OfTheStatusAreUndone) {
  Begin();
  FaultClock clock("status edited by hand");
  for (const char* status :
       {R"({"conditions":[]})", R"({"observedGeneration":0,"conditions":null})",
        R"({"conditions":[{"type":"Ready","status":"False","reason":"Edited","message":"by hand",)"
        R"("lastTransitionTime":"2020-01-01T00:00:00Z"}]})",
        R"({"binding":null,"provisionedHash":null,"tenants":null})"}) {
    for (const char* object : {"tenant/acme", "fixtureset/artists"}) {
      const auto patched = acme_.Kubectl({"patch", object, "--subresource=status", "--type=merge",
                                          "--patch", std::string(R"({"status":)") + status + "}"});
      ASSERT_TRUE(patched) << patched.error().message;
    }
    acme_.BecomeWhole();
    EXPECT_TRUE(WaitUntil(seconds(30), [&] {
      return acme_.Get("fixtureset", "artists")["status"].contains("tenants");
    }));
    clock.Note(std::string("true again after ") + status);
  }
  acme_.ExpectRemovable();
}

TEST_F(EditsByHand, OfTheAdminsSecretsExistenceAreNamedAndMendedByAnother) {
  Begin();
  const auto right = acme_.SecretData("main-admin");
  FaultClock clock("admin Secret deleted, made anew");
  ASSERT_TRUE(acme_.Kubectl({"delete", "secret", "main-admin"}));
  acme_.ExpectUnready("datastore", "main", "SecretNotFound", Acme::Shape::kStalled,
                      {"Secret", "main-admin"});
  clock.Note("DataStore SecretNotFound, Stalled");
  acme_.MakeSecret("main-admin", right);
  ASSERT_TRUE(acme_.BecomesReady("datastore", "main"));
  acme_.BecomeWhole();
  clock.Note("made anew: whole");
  acme_.ExpectRemovable();
}

TEST_F(EditsByHand, OfTheAdminsPasswordAreNamedAndMendedByTheSecret) {
  Begin();
  const auto right = acme_.SecretData("main-admin");
  const std::string role = right.at("username");
  SqlSession admin = Acme::SqlAsAdmin();
  const AtEnd restore([&] {
    EXPECT_TRUE(admin.Run("ALTER ROLE " + role + " PASSWORD '" + right.at("password") + "'").ok());
  });
  FaultClock clock("admin Secret rotated");
  ASSERT_TRUE(admin.Run("ALTER ROLE " + role + " PASSWORD 'a-new-one'").ok());
  acme_.Annotate("datastore/main", "tenantry.dev/requestedAt=1");
  acme_.MakeSecret("main-admin", {{"username", role}, {"password", "a-wrong-one"}});
  acme_.ExpectUnready("datastore", "main", "CredentialsRefused", Acme::Shape::kStalled,
                      {role, "refused", "Secret"});
  clock.Note("wrong password: DataStore CredentialsRefused, Stalled");
  acme_.MakeSecret("main-admin", {{"username", role}, {"password", "a-new-one"}});
  ASSERT_TRUE(acme_.BecomesReady("datastore", "main"));
  clock.Note("right password: DataStore Ready");
  acme_.Annotate("tenant/acme", "tenantry.dev/requestedAt=1");
  ASSERT_TRUE(acme_.BecomesReady("tenant", "acme"));
  EXPECT_TRUE(WaitUntil(seconds(30), [&] {
    return acme_.Get("tenant", "acme")["status"].value("lastHandledReconcileAt", "") == "1";
  }));
}

}  // namespace
}  // namespace tenantry::testing
