#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "agent/load/read/byte_stream.h"
#include "agent/load/read/place.h"
#include "common/base/result.h"
#include "common/base/sha256.h"

namespace tenantry::load {

// The bytes of a dataset, which can be read any number of times.
class Source {
 public:
  virtual ~Source() = default;
  // From the start. The stream must not outlive the source.
  virtual std::unique_ptr<ByteStream> Read() const = 0;
  // How many there are, as far as that is known without reading them.
  virtual std::optional<std::int64_t> bytes() const { return std::nullopt; }
};

// `text` outlives the source.
std::unique_ptr<Source> MakeInlineSource(std::string_view text);

// The regular file at `path` below `folder`. Links are followed as long as they stay below it (so
// that a mounted ConfigMap works); "..", absolute paths and links out of it are refused.
// kInvalid: InvalidSpec for such a path or when `folder` is empty (the agent has none),
// SourceNotFound when there is no such file or it cannot be read.
Result<std::unique_ptr<Source>> OpenFileSource(const std::string& folder, const std::string& path,
                                               const Origin& origin);

struct Checksum {
  std::string sha256;
  std::int64_t bytes = 0;
};
// Reads the whole source. kCancelled soon after `stop`.
Result<Checksum> Measure(const Source& source, std::stop_token stop);

// Passes `stream` on and adds its bytes to `hash`, which outlives it.
std::unique_ptr<ByteStream> HashWhileReading(std::unique_ptr<ByteStream> stream, Sha256& hash);

}  // namespace tenantry::load
