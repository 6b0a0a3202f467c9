#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "agent/load/source.h"
#include "common/base/result.h"

// Sources that a person names on a command line: any file that he may read.
namespace tenantry::load {

struct PathSource {
  std::unique_ptr<Source> source;
  std::int64_t bytes = 0;  // its size
};

// The regular file at `path`; of a FIFO or device all that it gives, kept like standard input.
// kInvalid/SourceNotFound when there is no such file, or it is a folder or cannot be read.
Result<PathSource> OpenPathSource(const std::string& path, std::stop_token stop);

// All of standard input, copied into an unnamed temporary file in $TMPDIR, or /tmp, because sources
// are read more than once. kCancelled soon after `stop`; kInvalid when the disk is full.
Result<PathSource> SpoolStandardInput(std::stop_token stop);

// Passes everything on and tells how many bytes of it have been read since the start, on the
// reading thread. `source` outlives the returned one.
std::unique_ptr<Source> WatchReading(const Source& source,
                                     std::function<void(std::int64_t)> on_read);

}  // namespace tenantry::load
