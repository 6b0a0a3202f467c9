#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "agent/postgres/connection.h"
#include "agent/provision/observe.h"
#include "agent/provision/provision.h"
#include "agent/tasks/task.h"
#include "cli/binding.h"
#include "cli/exit_code.h"
#include "cli/files.h"
#include "cli/store_access.h"
#include "cli/tenant.h"
#include "common/api/tier.h"
#include "common/base/random_password.h"

namespace tenantry::cli {
namespace {

constexpr char kCommand[] = "tenantry tenant init";
constexpr char kApplication[] = "tenantry";
// Who the catalogue says has the tenant: every tenantry command line is the same owner.
constexpr char kOwnerUid[] = "command-line";

class CommandContext final : public agent::TaskContext {
 public:
  explicit CommandContext(std::stop_token stop) : stop_(std::move(stop)) {}
  std::stop_token stop() const override { return stop_; }
  void ReportProgress(const api::Progress& /*progress*/) override {}

 private:
  std::stop_token stop_;
};

// What there is before anything is done.
struct Before {
  std::optional<agent::CatalogueRow> row;
  KnownPasswords known;
};

// What came of it.
struct Done {
  Binding binding;
  std::vector<std::string> changes;
  std::string schema_version;
  std::optional<Error> error;  // PostgreSQL is done, but Redis failed
  bool new_password = false;
};

class TenantInit {
 public:
  TenantInit(const TenantInitOptions& options, const Console& console, std::stop_token stop)
      : options_(options), console_(console), context_(std::move(stop)) {
    tenant_.spec = options.tenant;
  }

  Result<int> Run() {
    effective_ = TRY(api::MakeEffectiveTenant(api::BuiltInTiers(), tenant_));
    store_ = TRY(OpenStore(options_.store, console_, context_.stop()));
    const Before before = TRY(Observe());
    const ChosenPasswords passwords = TRY(Choose(before));
    const api::TenantStorageSpec spec = TRY(MakeSpec(passwords));
    if (options_.dry_run) {
      return DryRun(spec);
    }
    Done done = TRY(Provision(spec, passwords));
    TRY(WriteBinding(done));
    Print(done);
    if (done.error) {
      console_.Complain(kCommand, InOurWords(*done.error).message);
    }
    return done.error ? kExitFailed : kExitOk;
  }

 private:
  const api::TenantId& id() const { return options_.tenant.tenant_id; }

  Result<Before> Observe() {
    const auto session = TRY(postgres::Connection::Open(store_, kApplication, context_.stop()));
    Before before;
    before.row = TRY(agent::ReadCatalogueRow(*session, id(), effective_.config_json));
    if (options_.binding_file.empty()) {
      return before;
    }
    const Result<std::string> file = ReadSmallFile(options_.binding_file);
    if (!file && file.error().code == ErrorCode::kNotFound) {
      return before;
    }
    Result<KnownPasswords> known = file ? ReadBinding(*file, id()) : file.error();
    if (!known) {
      return WithContext(std::move(known).error(), "--binding-file " + options_.binding_file);
    }
    before.known = *std::move(known);
    return before;
  }

  Result<ChosenPasswords> Choose(const Before& before) const {
    const bool is_there = before.row && before.row->provisioned && !before.row->retained;
    return ChoosePasswords({.known = before.known,
                            .fresh = {.postgres = RandomPassword(), .redis = RandomPassword()},
                            .rotate = options_.rotate,
                            .has_place = !options_.binding_file.empty() || options_.show_password,
                            .has_login = is_there,
                            .wants_cache = !options_.redis.empty(),
                            .has_cache = is_there && !before.row->redis_rules.empty()});
  }

  Result<api::TenantStorageSpec> MakeSpec(const ChosenPasswords& passwords) {
    api::Login login{.role = api::AppRole(id())};
    if (!passwords.postgres.empty()) {
      login.password = passwords.postgres;
    }
    api::TenantStorageSpec spec{.postgres = store_,
                                .owner_uid = kOwnerUid,
                                .owner = std::string(kOwnerUid) + "/" + id().value(),
                                .adopt = options_.adopt,
                                .isolation = options_.tenant.isolation,
                                .template_name = options_.tenant.schema.template_name,
                                .schema_name = api::SharedSchemaName(options_.tenant.schema),
                                .logins = {login},
                                .connection_limit = effective_.limits.connections,
                                .config_json = effective_.config_json};
    if (!options_.redis.empty()) {
      redis_ =
          TRY(ResolveRedis(options_.redis, options_.redis_password_file, ObserveSurroundings()));
    }
    if (!passwords.redis.empty()) {
      spec.redis = redis_;
      spec.redis_passwords = {passwords.redis};
    }
    return spec;
  }

  Result<int> DryRun(const api::TenantStorageSpec& spec) {
    const agent::Partial<api::ObserveResult> seen =
        agent::Observe(id(), spec, {.application = kApplication}, context_);
    if (seen.error) {
      return *seen.error;
    }
    if (options_.output.format != OutputFormat::kTable) {
      console_.out << FormatDocument(
          {{"tenant", id().value()}, {"dryRun", true}, {"differences", seen.value.drift}},
          options_.output.format);
      return kExitOk;
    }
    for (const std::string& difference : seen.value.drift) {
      console_.out << difference << "\n";
    }
    console_.Say(seen.value.drift.empty()
                     ? "Dry run: tenant " + id().value() + " is as it should be."
                     : "Dry run: nothing was written. Without --dry-run this is put right.");
    return kExitOk;
  }

  Result<Done> Provision(const api::TenantStorageSpec& spec, const ChosenPasswords& passwords) {
    agent::Partial<api::ProvisionResult> provisioned =
        agent::Provision(id(), spec, {.application = kApplication}, context_);
    if (provisioned.error && provisioned.value.database.empty()) {
      return *std::move(provisioned.error);
    }
    Done done{.binding = {.tenant = id(), .postgres = store_, .schema = provisioned.value.schema},
              .changes = std::move(provisioned.value.changes),
              .schema_version = provisioned.value.schema_version,
              .error = std::move(provisioned.error),
              .new_password = passwords.new_postgres};
    done.binding.postgres.database = provisioned.value.database;
    done.binding.postgres.user = api::AppRole(id());
    done.binding.postgres.password = passwords.postgres;
    if (redis_) {
      done.binding.redis = redis_;
      done.binding.redis->user = api::RedisUser(id());
      done.binding.redis->password = passwords.redis;
    }
    return done;
  }

  Result<void> WriteBinding(const Done& done) const {
    if (options_.binding_file.empty()) {
      return {};
    }
    if (done.binding.postgres.password.empty()) {
      return Error{ErrorCode::kInvalid,
                   "The password of tenant " + id().value() + " is not known here, so " +
                       options_.binding_file +
                       " was not written; the tenant is as it should be. Name the file of the "
                       "first run, or add --rotate for a new password."};
    }
    return WritePrivateFile(options_.binding_file,
                            BindingJson(done.binding, Passwords::kShown).dump(2) + "\n");
  }

  void Print(const Done& done) const {
    const Json binding =
        BindingJson(done.binding, options_.show_password ? Passwords::kShown : Passwords::kHidden);
    if (options_.output.format != OutputFormat::kTable) {
      console_.out << FormatDocument({{"tenant", id().value()},
                                      {"tier", options_.tenant.tier},
                                      {"isolation", api::ToString(options_.tenant.isolation)},
                                      {"schemaVersion", done.schema_version},
                                      {"changes", done.changes},
                                      {"binding", binding},
                                      {"bindingFile", options_.binding_file}},
                                     options_.output.format)
                   << std::flush;
      return;
    }
    for (const std::string& change : done.changes) {
      console_.Say(change);
    }
    std::vector<std::vector<std::string>> rows;
    for (const auto& [key, value] : binding.items()) {
      if (!value.is_object()) {
        rows.push_back({"  " + key, value.is_string() ? value.get<std::string>() : value.dump()});
        continue;
      }
      for (const auto& [name, part] : value.items()) {
        rows.push_back(
            {"  " + key + " " + name, part.is_string() ? part.get<std::string>() : part.dump()});
      }
    }
    console_.out << "Tenant " << id().value() << " (" << options_.tenant.tier << ", "
                 << api::ToString(options_.tenant.isolation) << ")\n"
                 << FormatList(rows) << std::flush;
    SayWhatNext(done);
  }

  void SayWhatNext(const Done& done) const {
    if (done.changes.empty()) {
      console_.Say("Nothing was to do: tenant " + id().value() + " is as it should be.");
    }
    if (!options_.binding_file.empty()) {
      console_.Say("The binding with its password is in " + options_.binding_file + ".");
    } else if (done.binding.postgres.password.empty()) {
      console_.Say(
          "No password was set or changed. Get one with --rotate and --binding-file FILE, "
          "or --rotate --show-password.");
    } else if (done.new_password) {
      console_.Say("The password is shown this once.");
    }
  }

  const TenantInitOptions& options_;
  const Console& console_;
  CommandContext context_;
  api::Tenant tenant_;
  api::EffectiveTenant effective_;
  api::PostgresAccess store_;
  std::optional<api::RedisAccess> redis_;  // the admin
};

}  // namespace

int RunTenantInit(const TenantInitOptions& options, const Console& console,
                  const std::stop_token& stop) {
  const Result<int> done = TenantInit(options, console, stop).Run();
  if (done) {
    return *done;
  }
  console.Complain(kCommand, InOurWords(done.error()).message);
  return done.error().code == ErrorCode::kCancelled ? kExitCancelled : kExitFailed;
}

}  // namespace tenantry::cli
