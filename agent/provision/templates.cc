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

std::vector<std::string_view> CatalogueVersions() {
  std::vector<std::string_view> versions;
  for (const auto& [path, text] : kEmbeddedFiles) {
    if (path.starts_with("catalogue/")) {
      versions.push_back(text);
    }
  }
  return versions;
}

}  // namespace tenantry::agent
