#include "operator/plan/binding.h"

#include <gtest/gtest.h>

#include "tests/unit/plan/builders.h"

namespace tenantry::plan {
namespace {

const api::TenantId kId("acme");
constexpr std::chrono::seconds kOverlap{600};

Credentials AcmeCredentials() {
  return {.username = "tenant_acme_app",
          .password = Secret("p@ss/w:rd"),
          .cache_password = Secret("c che")};
}

BindingTarget Target() {
  return {.postgres = PostgresAndRedis().postgres,
          .schema = "tenant_acme",
          .redis = PostgresAndRedis().redis};
}

Rotation SomeRotation() {
  return {.at = kNow,
          .previous_username = "tenant_acme_app",
          .previous_cache_password = Secret("previous")};
}

TEST(DesiredBinding, HoldsTheWellKnownKeysOfServiceBinding) {
  const SecretObject secret =
      DesiredBinding(TenantNamed("acme"), Target(), AcmeCredentials(), std::nullopt);

  EXPECT_EQ(secret.name.value(), "acme-connection");
  EXPECT_EQ(secret.ns.value(), "platform");
  EXPECT_EQ(secret.type, "servicebinding.io/postgresql");
  EXPECT_EQ(secret.ownership, (Ownership{api::Name("acme"), api::Uid("uid-acme"), "binding"}));
  const std::map<std::string, std::string> expected = {
      {"type", "postgresql"},
      {"provider", "tenantry"},
      {"host", "postgres.db"},
      {"port", "5432"},
      {"database", "app"},
      {"schema", "tenant_acme"},
      {"sslmode", "verify-full"},
      {"username", "tenant_acme_app"},
      {"password", "p@ss/w:rd"},
      {"uri",
       "postgresql://tenant_acme_app:p%40ss%2Fw%3Ard@postgres.db:5432/app?sslmode=verify-full"}};
  std::map<std::string, std::string> actual;
  for (const auto& [key, value] : secret.data) {
    actual.emplace(key, value.reveal());
  }
  EXPECT_EQ(actual, expected);
}

TEST(DesiredBinding, BracketsAnIPv6HostAndGivesTheCertificateAuthority) {
  BindingTarget target = Target();
  target.postgres.host = "fd00::1";
  target.postgres.ca_pem = "PEM";

  const SecretObject secret =
      DesiredBinding(TenantNamed("acme"), target, AcmeCredentials(), std::nullopt);

  EXPECT_NE(secret.data.at("uri").reveal().find("@[fd00::1]:5432/"), std::string::npos);
  EXPECT_EQ(secret.data.at("host").reveal(), "fd00::1");
  EXPECT_EQ(secret.data.at("ca.crt").reveal(), "PEM");
}

TEST(DesiredCacheBinding, NamesUserAndPrefixOfTheTenant) {
  const SecretObject secret =
      DesiredCacheBinding(TenantNamed("acme"), Target(), AcmeCredentials(), std::nullopt);

  EXPECT_EQ(secret.name.value(), "acme-cache");
  EXPECT_EQ(secret.type, "servicebinding.io/redis");
  EXPECT_EQ(secret.data.at("username").reveal(), "tenant_acme");
  EXPECT_EQ(secret.data.at("prefix").reveal(), "acme:");
  EXPECT_EQ(secret.data.at("uri").reveal(), "redis://tenant_acme:c%20che@redis.db:6379");
  EXPECT_FALSE(secret.data.contains(kPreviousPasswordKey));
  EXPECT_TRUE(secret.annotations.empty());
}

TEST(DesiredCacheBinding, TellsThePreviousPasswordWhileARotationOverlaps) {
  const SecretObject secret =
      DesiredCacheBinding(TenantNamed("acme"), Target(), AcmeCredentials(), SomeRotation());

  EXPECT_EQ(secret.data.at(kPreviousPasswordKey).reveal(), "previous");
  EXPECT_EQ(secret.annotations.at(kRotatedAtAnnotation), FormatTime(kNow));
}

TEST(OurPart, LeavesKeysOfOthersAlone) {
  SecretObject secret =
      DesiredBinding(TenantNamed("acme"), Target(), AcmeCredentials(), std::nullopt);
  const SecretObject ours = secret;
  secret.data.emplace("added-by-somebody", Secret("x"));
  EXPECT_EQ(OurPart(secret), ours);

  ConfigMapObject config = DesiredConfig(TenantNamed("acme"), "{}");
  const ConfigMapObject our_config = config;
  config.data.emplace("added-by-somebody", "x");
  EXPECT_EQ(OurPart(config), our_config);
}

TEST(CurrentCredentials, AreThoseOfTheSecrets) {
  Credentials second = AcmeCredentials();
  second.username = "tenant_acme_app_2";
  second.cache_password = Secret("cache-password");
  const api::Tenant tenant = TenantNamed("acme");

  EXPECT_EQ(CurrentCredentials(kId, DesiredBinding(tenant, Target(), second, std::nullopt),
                               DesiredCacheBinding(tenant, Target(), second, std::nullopt),
                               FreshCredentials()),
            second);
}

TEST(CurrentCredentials, TakeFreshPartsForMissingAndDamagedOnes) {
  struct Case {
    const char* name;
    const char* key;
    const char* damage;  // nullptr: the key is missing
    const char* username;
    const char* password;
  };
  const Case cases[] = {
      {"no password", "password", nullptr, "tenant_acme_app", "fresh-password"},
      {"empty password", "password", "", "tenant_acme_app", "fresh-password"},
      {"guessable password", "password", "secret", "tenant_acme_app", "fresh-password"},
      {"no user", "username", nullptr, "tenant_acme_app", "p@ss/w:rd"},
      {"another tenant's user", "username", "tenant_globex_app", "tenant_acme_app", "p@ss/w:rd"},
      {"the admin", "username", "admin", "tenant_acme_app", "p@ss/w:rd"},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.name);
    SecretObject binding =
        DesiredBinding(TenantNamed("acme"), Target(), AcmeCredentials(), std::nullopt);
    binding.data.erase(each.key);
    if (each.damage != nullptr) {
      binding.data.emplace(each.key, Secret(each.damage));
    }

    const Credentials current = CurrentCredentials(kId, binding, std::nullopt, FreshCredentials());

    EXPECT_EQ(current.username, each.username);
    EXPECT_EQ(current.password.reveal(), each.password);
    EXPECT_EQ(current.cache_password, FreshCredentials().cache_password);
  }
}

TEST(CurrentRotation, LastsUntilTheOverlapIsOver) {
  const api::Tenant tenant = TenantNamed("acme");
  const auto binding = DesiredBinding(tenant, Target(), AcmeCredentials(), SomeRotation());
  const auto cache = DesiredCacheBinding(tenant, Target(), AcmeCredentials(), SomeRotation());

  EXPECT_EQ(CurrentRotation(binding, cache, kNow, kOverlap), SomeRotation());
  EXPECT_EQ(CurrentRotation(binding, cache, kNow + kOverlap - std::chrono::seconds(1), kOverlap),
            SomeRotation());
  EXPECT_EQ(CurrentRotation(binding, cache, kNow + kOverlap, kOverlap), std::nullopt);
}

TEST(CurrentRotation, IsNoneWithoutReadableAnnotations) {
  SecretObject binding =
      DesiredBinding(TenantNamed("acme"), Target(), AcmeCredentials(), SomeRotation());
  EXPECT_EQ(CurrentRotation(std::nullopt, std::nullopt, kNow, kOverlap), std::nullopt);

  SecretObject no_time = binding;
  no_time.annotations.erase(kRotatedAtAnnotation);
  EXPECT_EQ(CurrentRotation(no_time, std::nullopt, kNow, kOverlap), std::nullopt);

  SecretObject no_user = binding;
  no_user.annotations.erase(kPreviousUserAnnotation);
  EXPECT_EQ(CurrentRotation(no_user, std::nullopt, kNow, kOverlap), std::nullopt);

  binding.annotations[kRotatedAtAnnotation] = "yesterday";
  EXPECT_EQ(CurrentRotation(binding, std::nullopt, kNow, kOverlap), std::nullopt);
}

TEST(OtherAppRole, AlternatesBetweenTheTwo) {
  EXPECT_EQ(OtherAppRole(kId, "tenant_acme_app"), "tenant_acme_app_2");
  EXPECT_EQ(OtherAppRole(kId, "tenant_acme_app_2"), "tenant_acme_app");
}

}  // namespace
}  // namespace tenantry::plan
