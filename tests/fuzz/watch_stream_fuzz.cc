// Feeds arbitrary bytes to the readers of watches and lists, whole and in pieces of a length that
// the first byte tells: where the network cuts a stream must change nothing.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "operator/kube/decode.h"
#include "operator/kube/list_splitter.h"

namespace tenantry::kube {
namespace {

constexpr std::size_t kMaxObject = 512;  // small enough for the fuzzer to reach

struct Outcome {
  std::vector<std::string> parts;
  bool failed = false;
  std::string resource_version;

  friend bool operator==(const Outcome&, const Outcome&) = default;
};

template <class Splitter>
Outcome Feed(Splitter& splitter, std::string_view stream, std::size_t piece_size) {
  Outcome outcome;
  const auto keep = [&](std::string_view part) {
    outcome.parts.emplace_back(part);
    return true;
  };
  while (!stream.empty() && !outcome.failed) {
    const std::string_view piece = stream.substr(0, piece_size);
    stream.remove_prefix(piece.size());
    outcome.failed = !splitter.Push(piece, keep);
  }
  return outcome;
}

Outcome ReadList(std::string_view stream, std::size_t piece_size) {
  ListSplitter splitter(kMaxObject);
  Outcome outcome = Feed(splitter, stream, piece_size);
  const Result<ListMetadata> metadata = splitter.Finish();
  if (!outcome.failed && metadata) {
    outcome.resource_version = metadata->resource_version;
  }
  for (const std::string& item : outcome.parts) {
    static_cast<void>(DecodeObject(item).has_value());
  }
  return outcome;
}

Outcome ReadWatch(std::string_view stream, std::size_t piece_size) {
  LineSplitter splitter(kMaxObject);
  Outcome outcome = Feed(splitter, stream, piece_size);
  for (const std::string& line : outcome.parts) {
    static_cast<void>(DecodeWatchLine(line).has_value());
  }
  return outcome;
}

}  // namespace
}  // namespace tenantry::kube

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  const std::string_view stream(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t piece_size = std::size_t{data[0]} + 1;
  const std::size_t whole = std::max<std::size_t>(stream.size(), 1);
  if (tenantry::kube::ReadList(stream, piece_size) != tenantry::kube::ReadList(stream, whole) ||
      tenantry::kube::ReadWatch(stream, piece_size) != tenantry::kube::ReadWatch(stream, whole)) {
    std::abort();
  }
  static_cast<void>(tenantry::kube::DecodeStatus(410, stream, "watch"));
  return 0;
}
