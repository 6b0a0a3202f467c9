#pragma once

#include <functional>
#include <stop_token>
#include <string>

#include "agent/load/path_source.h"
#include "cli/console.h"
#include "cli/source_options.h"
#include "common/base/result.h"

namespace tenantry::cli {

// The bytes of what a word of the command line names: a file, standard input, a URL, a database.
Result<load::PathSource> OpenSource(const std::string& source, const SourceOptions& options,
                                    const Console& console, const std::stop_token& stop);

// What a load is known by: the same from wherever it is given, without secrets.
std::string SourceNameOf(const std::string& source, const SourceOptions& options);

// Where its rejected records go: beside a file, else into the current folder.
std::string RejectFileOf(const std::string& source, const SourceOptions& options);

}  // namespace tenantry::cli
