#pragma once

#include <string>
#include <vector>

#include "common/base/result.h"

// The files that a command line names.
namespace tenantry::cli {

inline constexpr char kStandardInput[] = "-";

// Patterns (* ? [) that the shell has left alone are replaced by the files that fit, sorted; a file
// of that very name comes first. kInvalid for a pattern that fits none. "-" and URLs stay.
Result<std::vector<std::string>> ExpandFiles(const std::vector<std::string>& words);

// Where a file's rejected records go: beside it; of standard input into the current folder.
std::string RejectFileOf(const std::string& file);

// The same name from wherever it is given: what a load is known by.
std::string SourceName(const std::string& file);

// `content` into a file that only its owner may read, all of it or nothing.
Result<void> WritePrivateFile(const std::string& path, const std::string& content);

// At most a megabyte. kNotFound when there is no such file.
Result<std::string> ReadSmallFile(const std::string& path);

}  // namespace tenantry::cli
