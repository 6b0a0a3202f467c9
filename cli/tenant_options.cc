#include "cli/tenant_options.h"

#include <CLI/CLI.hpp>

#include "cli/read_options.h"
#include "cli/store_url.h"
#include "cli/words.h"
#include "common/api/tier.h"

namespace tenantry::cli {
namespace {

constexpr char kInitExamples[] = R"text(Examples:
  tenantry tenant init --store postgres://postgres@localhost/app --tenant-id acme --tier Enterprise
      --admin-email admin@acme.example --template Music --binding-file acme.json
  tenantry tenant init --store postgres://admin@db/app --tenant-id acme --tier Free
      --admin-email admin@acme.example --dry-run
  psql "$(jq -r .uri acme.json)"

A second run changes nothing, unless something is not as it should be: then it is put right.)text";

constexpr char kShowExamples[] = R"(Examples:
  tenantry tenant show --store postgres://postgres@localhost/app
  tenantry tenant show --store postgres://postgres@localhost/app acme --output yaml)";

void AddInitCommand(CLI::App& tenant, TenantInitArguments& arguments) {
  CLI::App& command = *tenant.add_subcommand(
      "init", "Give a tenant its place in PostgreSQL and Redis, as the operator does");
  command.footer(kInitExamples);
  const std::string group = "Tenant";
  const auto add = [&](const char* name, std::string& value, const char* text, const char* help) {
    command.add_option(name, value, help)->option_text(text)->group(group);
  };
  add("--tenant-id", arguments.tenant_id, "ID",
      "Its ID: a small letter, then up to 39 small letters, digits and _");
  add("--tier", arguments.tier, "TIER",
      "Free, Starter, Standard, Professional, Premium or Enterprise: limits and features");
  add("--admin-email", arguments.admin_email, "MAIL", "Whom to write to about the tenant");
  add("--display-name", arguments.display_name, "TEXT", "Its name for people (default: the ID)");
  add("--isolation", arguments.isolation, "WORD [Schema]",
      "Schema, Database, or RowLevel (shared tables)");
  add("--template", arguments.template_name, "NAME", "Tables to make: Music (default: none)");
  command.add_flag("--adopt", arguments.adopt, "Take over what exists and has another owner")
      ->group(group);
  command.add_flag("--dry-run", arguments.dry_run, "Tell what would be done, and do nothing")
      ->group(group);
  AddStoreOptions(command, arguments.store);
  const std::string store = "Store";
  command.add_option("--redis", arguments.redis, "Redis for the tenant's keys, as its admin")
      ->envname("TENANTRY_REDIS")
      ->option_text("redis://[user@]host[:port] (Env:TENANTRY_REDIS)")
      ->group(store);
  command
      .add_option("--redis-password-file", arguments.redis_password_file,
                  "File whose first line is its password (also: environment variable "
                  "REDISCLI_AUTH)")
      ->option_text("FILE")
      ->group(store);
  const std::string binding = "Binding";
  command
      .add_option("--binding-file", arguments.binding_file,
                  "Write what apps connect with, the password too, into this file (mode 0600)")
      ->option_text("FILE")
      ->group(binding);
  command.add_flag("--show-password", arguments.show_password, "Print a new password, too")
      ->group(binding);
  command.add_flag("--rotate", arguments.rotate, "Make new passwords; the old ones end at once")
      ->group(binding);
  AddOutputOptions(command, arguments.output);
}

void AddShowCommand(CLI::App& tenant, TenantShowArguments& arguments) {
  CLI::App& command = *tenant.add_subcommand("show", "Show the tenants of a store, or one of them");
  command.footer(kShowExamples);
  command.add_option("ID", arguments.tenant_id, "The tenant; without it all are listed")
      ->option_text("");
  AddStoreOptions(command, arguments.store);
  AddOutputOptions(command, arguments.output);
}

Result<std::string> FindTier(const std::string& word) {
  const api::TierCatalogue tiers = api::BuiltInTiers();
  for (const api::Tier& tier : tiers.tiers()) {
    if (PlainWord(tier.name) == PlainWord(word)) {
      return tier.name;
    }
  }
  return word.empty() ? Error{ErrorCode::kInvalid, "--tier is required: " + tiers.Names() + "."}
                      : BadOption("--tier", word, "is none of " + tiers.Names());
}

Result<api::TenantId> FindId(const std::string& text, const std::string& option) {
  if (api::IsValidTenantId(api::TenantId(text))) {
    return api::TenantId(text);
  }
  return BadOption(option, text,
                   "is no tenant ID: a small letter, then up to 39 small letters, digits and _");
}

Result<std::string> CheckMail(const std::string& mail) {
  constexpr std::size_t kLongest = 254;
  if (mail.empty()) {
    return Error{ErrorCode::kInvalid,
                 "--admin-email is required: whom to write to about the tenant."};
  }
  const std::size_t at = mail.find('@');
  if (at == 0 || at == std::string::npos || at + 1 == mail.size() || mail.size() > kLongest) {
    return BadOption("--admin-email", mail, "is no mail address");
  }
  return mail;
}

}  // namespace

void AddTenantCommand(CLI::App& program, TenantInitArguments& init, TenantShowArguments& show) {
  CLI::App& tenant = *program.add_subcommand("tenant", "Make and show tenants");
  AddInitCommand(tenant, init);
  AddShowCommand(tenant, show);
}

Result<TenantInitOptions> MakeTenantInitOptions(const TenantInitArguments& arguments) {
  if (arguments.tenant_id.empty()) {
    return Error{ErrorCode::kInvalid, "--tenant-id is required: the tenant's ID, e.g. acme."};
  }
  TenantInitOptions options;
  options.store = arguments.store;
  options.output = TRY(MakeOutputOptions(arguments.output));
  options.redis = arguments.redis;
  options.redis_password_file = arguments.redis_password_file;
  options.binding_file = arguments.binding_file;
  options.show_password = arguments.show_password;
  options.rotate = arguments.rotate;
  options.adopt = arguments.adopt;
  options.dry_run = arguments.dry_run;
  api::TenantSpec& tenant = options.tenant;
  tenant.tenant_id = TRY(FindId(arguments.tenant_id, "--tenant-id"));
  tenant.tier = TRY(FindTier(arguments.tier));
  tenant.admin_email = TRY(CheckMail(arguments.admin_email));
  tenant.display_name =
      arguments.display_name.empty() ? arguments.tenant_id : arguments.display_name;
  if (!arguments.isolation.empty()) {
    const auto isolation = FindEnum<api::Isolation>(arguments.isolation);
    if (!isolation) {
      return BadOption("--isolation", arguments.isolation,
                       "is none of " + EnumWords<api::Isolation>());
    }
    tenant.isolation = *isolation;
  }
  if (!arguments.template_name.empty() && PlainWord(arguments.template_name) != "music") {
    return BadOption("--template", arguments.template_name, "does not exist; there is Music");
  }
  tenant.schema.template_name = arguments.template_name.empty() ? "" : "Music";
  if (options.rotate && options.binding_file.empty() && !options.show_password) {
    return Error{ErrorCode::kInvalid,
                 "--rotate needs --binding-file or --show-password: nobody would know the new "
                 "password."};
  }
  TRY(CheckStoreOptions(arguments.store));
  if (!arguments.redis.empty()) {
    TRY(ParseRedisUrl(arguments.redis));
  }
  return options;
}

Result<TenantShowOptions> MakeTenantShowOptions(const TenantShowArguments& arguments) {
  TRY(CheckStoreOptions(arguments.store));
  TenantShowOptions options;
  options.store = arguments.store;
  options.output = TRY(MakeOutputOptions(arguments.output));
  if (!arguments.tenant_id.empty()) {
    options.tenant_id = TRY(FindId(arguments.tenant_id, "tenant"));
  }
  return options;
}

}  // namespace tenantry::cli
