#include "tests/bench/load/objects.h"

#include <algorithm>
#include <array>
#include <functional>
#include <random>

#include "common/base/base64.h"

namespace tenantry::bench {
namespace {

constexpr std::size_t kValueBytes = 100;

Json Labels(const std::string& tenant) {
  return {{"app.kubernetes.io/managed-by", "tenantry-bench"},
          {"app.kubernetes.io/part-of", "tenantry-bench"},
          {"tenantry.dev/component", "binding"},
          {"tenantry.dev/tenant", tenant}};
}

// Text as configuration has it: no two Tenants have the same, and it does not compress to nothing.
std::string Words(std::minstd_rand& random, std::size_t bytes) {
  constexpr std::array kSyllables{"ac", "be", "com", "de", "er", "fi", "gra", "ho", "in", "ju",
                                  "ka", "li", "mo",  "nu", "or", "pa", "qui", "re", "si", "to",
                                  "un", "ve", "wi",  "xy", "ya", "zo", "-",   " ",  "/",  "."};
  std::string text;
  while (text.size() < bytes) {
    text += kSyllables.at(random() % kSyllables.size());
  }
  return text.substr(0, bytes);
}

std::string RandomBytes(std::size_t count) {
  static thread_local std::mt19937_64 random(std::random_device{}());
  std::string bytes(count, '\0');
  std::generate(bytes.begin(), bytes.end(), [] { return static_cast<char>(random()); });
  return bytes;
}

}  // namespace

Json MakeTenant(const api::Namespace& ns, const std::string& name, std::size_t bytes) {
  Json config = {{"locale", "fr-FR"}, {"player", {{"crossfadeSeconds", 4}}}};
  Json tenant = {{"apiVersion", "tenantry.dev/v1alpha1"},
                 {"kind", "Tenant"},
                 {"metadata", {{"name", name}, {"namespace", ns.value()}}},
                 {"spec",
                  {{"displayName", "Tenant " + name},
                   {"tier", "Enterprise"},
                   {"adminEmail", "admin@" + name + ".example"},
                   {"dataStoreRef", {{"name", "main"}}},
                   {"isolation", "Schema"},
                   {"features", {"ai-recommendations", "beta-player"}}}}};
  std::minstd_rand random(static_cast<unsigned>(std::hash<std::string>()(name)));
  std::size_t size = tenant.dump().size() + config.dump().size();
  for (int i = 0; size + kValueBytes < bytes; ++i) {
    const std::string key = "setting" + std::to_string(i);
    config[key] = Words(random, kValueBytes - key.size());
    size += kValueBytes + 6;
  }
  tenant["spec"]["config"] = std::move(config);
  return tenant;
}

Json FinalizerPatch() {
  return Json::array({{{"op", "add"},
                       {"path", "/metadata/finalizers"},
                       {"value", {"bench.tenantry.dev/release-tenant"}}}});
}

Json MakeBinding(const api::Namespace& ns, const std::string& tenant) {
  return {
      {"apiVersion", "v1"},
      {"kind", "Secret"},
      {"metadata",
       {{"name", tenant + "-connection"}, {"namespace", ns.value()}, {"labels", Labels(tenant)}}},
      {"type", "servicebinding.io/postgresql"},
      {"stringData",
       {{"type", "postgresql"},
        {"host", "postgres"},
        {"port", "5432"},
        {"database", "app"},
        {"username", "tenant_" + tenant + "_app"},
        {"password", "0123456789abcdef0123456789abcdef"}}}};
}

Json MakeConfig(const api::Namespace& ns, const Json& tenant) {
  const std::string name = tenant["metadata"]["name"];
  return {{"apiVersion", "v1"},
          {"kind", "ConfigMap"},
          {"metadata",
           {{"name", name + "-config"}, {"namespace", ns.value()}, {"labels", Labels(name)}}},
          {"data", {{"config.json", tenant["spec"]["config"].dump()}}}};
}

Json ReadyPatch(const std::string& tenant) {
  const Json status = {
      {"observedGeneration", 1},
      {"binding", {{"name", tenant + "-connection"}}},
      {"conditions", Json::array({{{"type", "Ready"},
                                   {"status", "True"},
                                   {"reason", "Succeeded"},
                                   {"message", "provisioned"},
                                   {"observedGeneration", 1},
                                   {"lastTransitionTime", "2026-01-01T00:00:00Z"}}})}};
  return Json::array({{{"op", "add"}, {"path", "/status"}, {"value", status}}});
}

Json MakeUnrelatedSecret(const api::Namespace& ns, const std::string& name, std::size_t bytes) {
  return {{"apiVersion", "v1"},
          {"kind", "Secret"},
          {"metadata", {{"name", name}, {"namespace", ns.value()}}},
          {"data", {{"blob", EncodeBase64(RandomBytes(bytes))}}}};
}

bool IsReady(const Json& tenant) {
  const Json status = tenant.value("status", Json::object());
  if (status.value("observedGeneration", -1) != tenant["metadata"].value("generation", 0)) {
    return false;
  }
  const Json conditions = status.value("conditions", Json::array());
  return std::any_of(conditions.begin(), conditions.end(), [](const Json& condition) {
    return condition.value("type", "") == "Ready" && condition.value("status", "") == "True";
  });
}

}  // namespace tenantry::bench
