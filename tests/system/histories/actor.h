#pragma once

#include <array>
#include <optional>
#include <string>

#include "tests/system/harness/harness.h"
#include "tests/system/harness/proxies.h"
#include "tests/system/histories/ledger.h"
#include "tests/system/histories/model.h"

// Does what a history says: to the API server as a user, to everything else behind the operator's
// back. Waits for nothing but the call itself.
namespace tenantry::testing {

class Actor {
 public:
  Actor(const TenantTest& test, Proxies& proxies, Model& model, Ledger& ledger)
      : test_(test), proxies_(proxies), model_(model), ledger_(ledger) {}

  // False: not now, such as a Tenant of a name whose last one is still going.
  bool Do(const Action& action, int position);
  // The operator ends by itself when it cannot renew its lease: then something starts it again.
  void Tend();
  // All links are whole and both programs run.
  void Mend();
  // Nothing is suspended any more.
  void ResumeAll();
  // Everything that was kept is somebody's again and is to be deleted; all that is damaged
  // deliberately or wrong is put right, so that all Tenants become Ready.
  void PrepareToEnd(int position);
  void DeleteAll();
  // Compares what a Tenant that has gone left with what it should have.
  void CheckRemains(int slot);

  std::string TenantId(int slot) const { return test_.Unique(Model::TenantName(slot)); }

 private:
  enum class Life { kBegins, kGoesOn };
  bool DoTenant(const Action& action, int position);
  bool DoSet(const Action& action, int position);
  bool DoFile(const Action& action, int position);
  bool DoDamage(const Action& action);
  bool DoFault(const Action& action, int position);
  bool BeginTenant(const Action& action, int position);
  bool DeleteTenant(int slot);
  bool DeleteSet(int slot);
  void WriteTenant(int slot, Life life = Life::kGoesOn);
  void WriteSet(int slot, Life life = Life::kGoesOn);
  // Makes the object, or gives it this spec, these labels and annotations. As JSON.
  Json Write(const kube::Resource& resource, const Json& manifest, Life life);
  bool DamagePostgres(const Action& action);
  bool DamageRedis(const Action& action);
  bool DamageKubernetes(const Action& action);
  bool RemoveFinalizers(const kube::Resource& resource, const std::string& name);
  void ShutLink(std::uint64_t number, int position);
  void OpenLinks();
  std::string Admin(const std::string& sql);  // the error; empty: none
  bool Patch(const kube::Resource& resource, const std::string& name, const Json& patch);
  bool Delete(const kube::Resource& resource, const std::string& name);
  // The isolation and the state of the catalogue's row of a Tenant; empty: there is none.
  struct Row {
    std::string isolation;
    std::string state;
  };
  std::optional<Row> ReadRow(int slot);

  const TenantTest& test_;
  Proxies& proxies_;
  Model& model_;
  Ledger& ledger_;
  std::array<int, kTenantSlots> revisions_{};  // of the configs that were applied last
  int open_at_ = 0;  // the position at which shut links open; 0: none is shut
  std::array<bool, kTenantSlots> tenant_without_finalizer_{};
  std::array<bool, kSetSlots> set_without_finalizer_{};
};

}  // namespace tenantry::testing
