#include "agent/provision/migrations.h"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "common/api/reasons.h"
#include "common/base/sha256.h"
#include "common/base/strings.h"

namespace tenantry::agent {
namespace {

constexpr std::string_view kSuffix = ".sql";
constexpr std::string_view kSeparator = "__";

Error Refused(const std::string& message) {
  return {ErrorCode::kInvalid, message, api::reason::kMigrationFailed};
}

// The number in V<number>__<name>.sql; none for a name of another form.
std::optional<int> VersionOf(std::string_view name) {
  if (!name.starts_with('V') || !name.ends_with(kSuffix)) {
    return std::nullopt;
  }
  const std::string_view inner = name.substr(1, name.size() - 1 - kSuffix.size());
  int version = 0;
  const auto [end, failure] = std::from_chars(inner.data(), inner.data() + inner.size(), version);
  const std::string_view rest = inner.substr(static_cast<std::size_t>(end - inner.data()));
  const bool is_named = rest.starts_with(kSeparator) && rest.size() > kSeparator.size();
  if (failure != std::errc() || version < 1 || !is_named) {
    return std::nullopt;
  }
  return version;
}

const Migration* Find(const std::vector<Migration>& migrations, int version) {
  const auto found = std::find_if(migrations.begin(), migrations.end(),
                                  [&](const Migration& m) { return m.version == version; });
  return found == migrations.end() ? nullptr : &*found;
}

// Why an applied migration does not fit to the files; none when it does.
std::optional<Error> Mismatch(const AppliedMigration& applied,
                              const std::vector<Migration>& wanted) {
  const Migration* file = Find(wanted, applied.version);
  if (file == nullptr && !wanted.empty() && applied.version > wanted.back().version) {
    return Refused("Version " + std::to_string(wanted.back().version) +
                   " of the schema is asked for, but version " + std::to_string(applied.version) +
                   " is applied already and there is no way back. Ask for version " +
                   std::to_string(applied.version) + " or a newer one.");
  }
  if (file == nullptr) {
    return Refused("Migration " + applied.name + " is applied, but its file is gone. Put it back.");
  }
  if (file->checksum != applied.checksum) {
    return Refused("Migration " + file->name +
                   " was changed after it had been applied. Put its old text back and add a new "
                   "migration for the change.");
  }
  return std::nullopt;
}

}  // namespace

Result<std::vector<Migration>> SortMigrations(const std::vector<api::MigrationFile>& files,
                                              std::optional<int> up_to) {
  std::vector<Migration> sorted;
  for (const api::MigrationFile& file : files) {
    const std::optional<int> version = VersionOf(file.name);
    if (!version) {
      return Refused("Migration file \"" + Shorten(file.name) +
                     "\" has no valid name. Call it V<number>__<name>.sql, such as "
                     "V1__create_tables.sql.");
    }
    if (const Migration* twin = Find(sorted, *version)) {
      return Refused("Migrations " + twin->name + " and " + file.name +
                     " have the same number. Give one of them another.");
    }
    sorted.push_back({*version, file.name, file.sql, Sha256Hex(file.sql)});
  }
  std::sort(sorted.begin(), sorted.end(),
            [](const Migration& a, const Migration& b) { return a.version < b.version; });
  if (!up_to) {
    return sorted;
  }
  if (Find(sorted, *up_to) == nullptr) {
    return Refused("Version " + std::to_string(*up_to) +
                   " of the schema is asked for, but no migration file has that number.");
  }
  std::erase_if(sorted, [&](const Migration& m) { return m.version > *up_to; });
  return sorted;
}

Result<std::vector<Migration>> PendingMigrations(const std::vector<Migration>& wanted,
                                                 const std::vector<AppliedMigration>& applied) {
  int newest = 0;
  for (const AppliedMigration& one : applied) {
    if (std::optional<Error> mismatch = Mismatch(one, wanted)) {
      return *std::move(mismatch);
    }
    newest = std::max(newest, one.version);
  }
  std::vector<Migration> pending;
  for (const Migration& migration : wanted) {
    const bool is_applied =
        std::any_of(applied.begin(), applied.end(),
                    [&](const AppliedMigration& one) { return one.version == migration.version; });
    if (is_applied) {
      continue;
    }
    if (migration.version < newest) {
      return Refused(
          "Migration " + migration.name + " comes before version " + std::to_string(newest) +
          ", which is applied already. Give it a number above " + std::to_string(newest) + ".");
    }
    pending.push_back(migration);
  }
  return pending;
}

int LineOf(const std::string& text, std::int64_t position) {
  if (position < 1) {
    return 0;
  }
  int line = 1;
  std::int64_t characters = 0;
  for (const char c : text) {
    const bool continues_character = (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
    if (continues_character) {
      continue;
    }
    if (++characters == position) {
      return line;
    }
    line += c == '\n' ? 1 : 0;
  }
  return characters + 1 == position ? line : 0;  // the end of the text
}

}  // namespace tenantry::agent
