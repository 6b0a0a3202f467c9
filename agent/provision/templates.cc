#include "agent/provision/templates.h"

#include <utility>

#include "common/api/reasons.h"

namespace tenantry::agent {

// Generated from the .sql files of this folder (CMakeLists.txt).
extern const std::vector<std::pair<std::string_view, std::string_view>> kEmbeddedFiles;

namespace {

std::vector<api::MigrationFile> FilesUnder(std::string_view folder) {
  std::vector<api::MigrationFile> files;
  for (const auto& [path, text] : kEmbeddedFiles) {
    if (path.starts_with(folder)) {
      files.push_back({std::string(path.substr(folder.size())), std::string(text)});
    }
  }
  return files;
}

}  // namespace

Result<std::vector<api::MigrationFile>> BuiltInTemplate(const std::string& name) {
  if (name == "Music") {
    return FilesUnder("templates/music/");
  }
  return Error{ErrorCode::kInvalid,
               "Schema template \"" + name + "\" does not exist. Built in is: Music.",
               api::reason::kInvalidSpec};
}

std::vector<std::string> CatalogueVersions() {
  std::vector<std::string> versions;
  std::string loads;
  for (const auto& [path, text] : kEmbeddedFiles) {
    if (path.starts_with("catalogue/")) {
      versions.emplace_back(text);
    } else if (path.ends_with("/bulk_catalogue.sql")) {
      loads = text;
    }
  }
  // Somebody may have made it already, by `tenantry load` without a tenant.
  versions.push_back(
      "DO $do$ BEGIN IF to_regclass('tenantry_loads.chunks') IS NULL THEN EXECUTE $loads$" + loads +
      "$loads$; END IF; END $do$; INSERT INTO tenantry.versions (version) VALUES (3);");
  return versions;
}

}  // namespace tenantry::agent
