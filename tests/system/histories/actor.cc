#include "tests/system/histories/actor.h"

#include <gtest/gtest.h>

namespace tenantry::testing {
namespace {

constexpr char kManager[] = "history";

kube::Client& Kube() { return Programs::Instance().kube(); }

bool HasFinalizer(const Json& object) {
  return !object["metadata"].value("finalizers", Json::array()).empty();
}

}  // namespace

bool Actor::Do(const Action& action, int position) {
  ledger_.BeginAction(position);
  if (open_at_ != 0 && position >= open_at_) {
    OpenLinks();
  }
  Tend();
  if (IsOfTenant(action.verb)) {
    return DoTenant(action, position);
  }
  if (IsOfSet(action.verb)) {
    return DoSet(action, position);
  }
  if (action.verb == Verb::kFileEdit || action.verb == Verb::kFileDelete) {
    return DoFile(action, position);
  }
  return action.verb < Verb::kKillOperator ? DoDamage(action) : DoFault(action, position);
}

void Actor::Tend() {
  if (!Programs::Instance().OperatorRuns()) {
    ledger_.Log("the operator has ended; it is started again");
    OpenLinks();
    Programs::Instance().StartOperator();
  }
}

// ---- Tenants ----

bool Actor::DoTenant(const Action& action, int position) {
  const int slot = action.slot;
  if (!model_.tenant(slot).wanted) {
    return action.verb != Verb::kTenantDelete && BeginTenant(action, position);
  }
  if (action.verb == Verb::kTenantDelete) {
    return DeleteTenant(slot);
  }
  if (action.verb == Verb::kTenantGroup || action.verb == Verb::kTenantAdopt) {
    ledger_.ChangeTenant(slot);
  }
  model_.EditTenant(action, position);
  WriteTenant(slot);
  return true;
}

bool Actor::BeginTenant(const Action& action, int position) {
  const int slot = action.slot;
  if (test_.Get("tenant", Model::TenantName(slot)).is_object()) {
    return false;  // the last one is still going
  }
  CheckRemains(slot);
  ledger_.BeginTenant(slot);
  const std::optional<Row> row = ReadRow(slot);
  model_.BeginTenant(action, position,
                     row ? std::optional<std::string>(row->isolation) : std::nullopt);
  tenant_without_finalizer_.at(static_cast<std::size_t>(slot)) = false;
  WriteTenant(slot, Life::kBegins);
  return true;
}

void Actor::CheckRemains(int slot) {
  const TenantModel& model = model_.tenant(slot);
  const std::optional<Row> row = ReadRow(slot);
  const std::string id = TenantId(slot);
  if (row && row->state != "Retained") {
    ledger_.Blame("Tenant " + id + " has gone, but the catalogue has it as " + row->state);
  } else if (row && !model.remains.data_is_right) {
    ledger_.Blame("Tenant " + id + " was to be deleted, but the catalogue has it as retained");
  } else if (!row && !model.remains.none_is_right) {
    ledger_.Blame("Tenant " + id + " was to be retained, but the catalogue does not know it");
  }
}

std::optional<Actor::Row> Actor::ReadRow(int slot) {
  const Answer answer = TenantTest::QueryAsAdmin(
      "SELECT isolation, state FROM tenantry.tenants WHERE tenant_id = '" + TenantId(slot) + "'");
  // The first Tenant of all makes the catalogue.
  const bool no_catalogue = answer.error.find("does not exist") != std::string::npos;
  EXPECT_TRUE(answer.ok() || no_catalogue) << answer.error;
  if (answer.rows.empty()) {
    return std::nullopt;
  }
  return Row{.isolation = answer.rows[0].at(0), .state = answer.rows[0].at(1)};
}

void Actor::WriteTenant(int slot, Life life) {
  const TenantModel& model = model_.tenant(slot);
  const Json written = Write(kube::kTenants, model_.TenantManifest(slot, TenantId(slot)), life);
  const std::int64_t generation = written["metadata"]["generation"];
  ledger_.Log("Tenant " + Model::TenantName(slot) + " life " + std::to_string(model.life) +
              " generation " + std::to_string(generation) + " " + model.isolation + ", " +
              (model.retain ? "Retain" : "Delete") + ", tier " + model.tier + ", revision " +
              std::to_string(model.revision) + (model.suspended ? ", suspended" : "") +
              (model.adopt ? ", adopt" : "") + (model.found_data ? ", found data" : "") +
              ", group " + model.group);
  // Provisioned with this revision for the first time: everything is looked at.
  if (model.revision != revisions_.at(static_cast<std::size_t>(slot))) {
    revisions_.at(static_cast<std::size_t>(slot)) = model.revision;
    ledger_.RenewTenant(slot, generation);
  }
}

bool Actor::DeleteTenant(int slot) {
  const std::string name = Model::TenantName(slot);
  const Json object = test_.Get("tenant", name);
  if (!object.is_object()) {
    ledger_.Blame("Tenant " + name + " has gone without being deleted");
    return false;
  }
  if (tenant_without_finalizer_.at(static_cast<std::size_t>(slot)) && !HasFinalizer(object)) {
    return false;  // nobody would clean up: whoever removed it wanted that
  }
  ledger_.ChangeTenant(slot);
  const bool provisioned =
      !object.value("status", Json::object()).value("provisionedHash", "").empty();
  ledger_.Log("Tenant " + name + " deleted" + (provisioned ? "" : ", not provisioned yet"));
  model_.EndTenant(slot, provisioned);
  return Delete(kube::kTenants, name);
}

// ---- FixtureSets ----

bool Actor::DoSet(const Action& action, int position) {
  const int slot = action.slot;
  if (model_.set(slot).wanted) {
    if (action.verb == Verb::kSetDelete) {
      return DeleteSet(slot);
    }
    model_.EditSet(action, position);
    WriteSet(slot);
    return true;
  }
  if (action.verb == Verb::kSetDelete ||
      test_.Get("fixtureset", Model::SetName(slot)).is_object()) {
    return false;
  }
  model_.BeginSet(action, position);
  set_without_finalizer_.at(static_cast<std::size_t>(slot)) = false;
  WriteSet(slot, Life::kBegins);
  return true;
}

void Actor::WriteSet(int slot, Life life) {
  const SetModel& model = model_.set(slot);
  ledger_.ChangeSet(slot);
  const Json written = Write(kube::kFixtureSets, model_.SetManifest(slot), life);
  const std::int64_t generation = written["metadata"]["generation"];
  ledger_.WroteSet(slot, generation);
  const char* source = model.source == SetModel::Source::kInline      ? "inline"
                       : model.source == SetModel::Source::kConfigMap ? "ConfigMap"
                                                                      : "broken";
  ledger_.Log("FixtureSet " + Model::SetName(slot) + " life " + std::to_string(model.life) +
              " generation " + std::to_string(generation) + " " + source + " v" +
              std::to_string(model.version) + " for " +
              (model.group.empty() ? Model::TenantName(model.tenant) : "group " + model.group) +
              (model.retain ? ", Retain" : ", Unload") + (model.suspended ? ", suspended" : ""));
}

bool Actor::DeleteSet(int slot) {
  const std::string name = Model::SetName(slot);
  const Json object = test_.Get("fixtureset", name);
  if (!object.is_object()) {
    ledger_.Blame("FixtureSet " + name + " has gone without being deleted");
    return false;
  }
  if (set_without_finalizer_.at(static_cast<std::size_t>(slot)) && !HasFinalizer(object)) {
    return false;
  }
  ledger_.ChangeSet(slot);
  ledger_.Log("FixtureSet " + name + " deleted");
  model_.EndSet(slot);
  return Delete(kube::kFixtureSets, name);
}

bool Actor::DoFile(const Action& action, int position) {
  FileModel& model = model_.file(action.slot);
  const std::string name = Model::FileName(action.slot);
  if (action.verb == Verb::kFileDelete) {
    if (model.version == 0) {
      return false;
    }
    model.version = 0;
    ledger_.Log("ConfigMap " + name + " deleted");
    return Delete(kube::kConfigMaps, name);
  }
  model.version = position;
  ledger_.Log("ConfigMap " + name + " w" + std::to_string(position));
  const auto applied = Kube().Apply(kube::kConfigMaps, api::Namespace(test_.ns()),
                                    model_.FileManifest(action.slot), kManager, true);
  EXPECT_TRUE(applied) << applied.error().message;
  return true;
}

// ---- faults ----

bool Actor::DoFault(const Action& action, int position) {
  Programs& programs = Programs::Instance();
  ledger_.Log(ToString(action));
  switch (action.verb) {
    case Verb::kKillOperator:
      OpenLinks();
      programs.KillOperator();
      programs.StartOperator();
      ledger_.Log("the operator runs again");
      return true;
    case Verb::kKillAgent:
      programs.KillAgent();
      programs.StartAgent();
      ledger_.Log("the agent runs again");
      return true;
    case Verb::kShutLink:
      ShutLink(action.number, position);
      break;
    default:
      break;
  }
  const Cut cut = action.number % 2 == 0 ? Cut::kClose : Cut::kReset;
  switch (action.number / 2 % 4) {
    case 0:
      proxies_.api().CutAll(cut);
      return true;
    case 1:
      proxies_.agent().CutAll(cut);
      return true;
    case 2:
      proxies_.postgres().CutAll(cut);
      return true;
    default:
      proxies_.redis().CutAll(cut);
      return true;
  }
}

void Actor::ShutLink(std::uint64_t number, int position) {
  constexpr int kActionsLong = 15;
  open_at_ = position + kActionsLong;
  switch (number / 2 % 4) {
    case 0:
      return proxies_.api().SetDoor(Acceptor::Door::kShut);
    case 1:
      return proxies_.agent().SetDoor(Acceptor::Door::kShut);
    case 2:
      return proxies_.postgres().SetDoor(Acceptor::Door::kShut);
    default:
      return proxies_.redis().SetDoor(Acceptor::Door::kShut);
  }
}

void Actor::OpenLinks() {
  if (open_at_ != 0) {
    ledger_.Log("links are open again");
  }
  open_at_ = 0;
  proxies_.Clear();
}

void Actor::Mend() {
  OpenLinks();
  Programs& programs = Programs::Instance();
  if (!programs.AgentRuns()) {
    ledger_.Blame("the agent has ended by itself");
    programs.StartAgent();
  }
  Tend();
}

// ---- the end ----

void Actor::ResumeAll() {
  for (int slot = 0; slot < kTenantSlots; ++slot) {
    if (model_.tenant(slot).wanted && model_.tenant(slot).suspended) {
      model_.tenant(slot).suspended = false;
      WriteTenant(slot);
    }
    if (model_.set(slot).wanted && model_.set(slot).suspended) {
      model_.set(slot).suspended = false;
      WriteSet(slot);
    }
  }
}

void Actor::PrepareToEnd(int position) {
  for (int slot = 0; slot < kTenantSlots; ++slot) {
    TenantModel& model = model_.tenant(slot);
    if (model.wanted && !model_.MayClaim(slot) && *model.found_data != model.isolation) {
      (void)DeleteTenant(slot);  // cannot become Ready: its isolation is not that of the data
      EXPECT_TRUE(WaitUntil(std::chrono::seconds(150), [&] {
        Tend();
        return test_.Get("tenant", Model::TenantName(slot)).is_null();
      }));
    }
    const bool keeps = !model.wanted && ReadRow(slot).has_value();
    if (keeps) {
      // With such a number, in the isolation of what was found.
      EXPECT_TRUE(
          BeginTenant({.verb = Verb::kTenantConfig, .slot = slot, .number = ~0ULL}, position));
    }
    if (model.wanted) {
      model.adopt = true;
      model.retain = false;
      model.tier = "Standard";
      WriteTenant(slot);
    }
  }
}

void Actor::DeleteAll() {
  for (int slot = 0; slot < kSetSlots; ++slot) {
    if (model_.set(slot).wanted) {
      (void)DeleteSet(slot);
    }
    if (model_.file(slot).version != 0) {
      (void)DoFile({.verb = Verb::kFileDelete, .slot = slot}, 0);
    }
  }
  for (int slot = 0; slot < kTenantSlots; ++slot) {
    if (model_.tenant(slot).wanted) {
      (void)DeleteTenant(slot);
    }
  }
}

Json Actor::Write(const kube::Resource& resource, const Json& manifest, Life life) {
  const api::Namespace ns(test_.ns());
  const Json& meta = manifest["metadata"];
  const Json patch = Json::array(
      {{{"op", "replace"}, {"path", "/spec"}, {"value", manifest["spec"]}},
       {{"op", "add"},
        {"path", "/metadata/labels"},
        {"value", meta.value("labels", Json::object())}},
       {{"op", "add"}, {"path", "/metadata/annotations"}, {"value", meta["annotations"]}}});
  const auto written =
      life == Life::kBegins
          ? Kube().Create(resource, ns, manifest)
          : Kube().JsonPatch(resource, ns, api::Name(meta["name"].get<std::string>()), patch);
  if (!written) {
    ledger_.Blame(resource.kind + " cannot be written: " + written.error().message);
    return {{"metadata", {{"generation", -1}}}};
  }
  return *written;
}

bool Actor::Patch(const kube::Resource& resource, const std::string& name, const Json& patch) {
  return Kube().JsonPatch(resource, api::Namespace(test_.ns()), api::Name(name), patch).has_value();
}

bool Actor::Delete(const kube::Resource& resource, const std::string& name) {
  const Result<void> deleted = Kube().Delete(resource, api::Namespace(test_.ns()), api::Name(name));
  return deleted.has_value();
}

}  // namespace tenantry::testing
