#include "agent/load/bulk_settings.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "common/base/strings.h"

namespace tenantry::load {
namespace {

constexpr std::size_t kLargestChunk = 2 << 20;
// A chunk exists as text and, a little larger, as encoded rows, in three stages for each lane:
// being made, waiting, being written.
constexpr std::int64_t kChunksInMemory = 8;
constexpr std::size_t kSmallestChunk = 64 << 10;

// PostgreSQL stores no NUL, which stands for "there is none".
std::string MarkText(std::optional<char> mark) {
  return !mark ? "" : *mark == '\0' ? "none" : std::string(1, *mark);
}

}  // namespace

std::size_t ChunkSize(const BulkOptions& options) {
  const std::int64_t fits = options.memory_limit_bytes / kChunksInMemory;
  return static_cast<std::size_t>(std::clamp<std::int64_t>(
      fits, static_cast<std::int64_t>(kSmallestChunk), static_cast<std::int64_t>(kLargestChunk)));
}

BulkOptions WithMapping(BulkOptions options, std::shared_ptr<const Mapping> mapping) {
  if (mapping && mapping->unknown_columns && options.unknown_columns == UnknownColumns::kError) {
    options.unknown_columns = *mapping->unknown_columns;
    options.collect_column = mapping->collect_column;
  }
  options.mapping = std::move(mapping);
  return options;
}

std::string SettingsOf(const BulkOptions& options, const ReadOptions& read) {
  std::vector<std::string> parts = {
      "key=" + Join(options.key, ","),
      std::string("conflict=") + api::ToString(options.conflict),
      "cursor=" + options.cursor,
      std::string("format=") + api::ToString(read.format),
      "delimiter=" + read.csv.delimiter.value_or("auto"),
      "quote=" + MarkText(read.csv.quote),
      "comment=" + MarkText(read.csv.comment),
      std::string("header=") + (!read.csv.header   ? "auto"
                                : *read.csv.header ? "yes"
                                                   : "no"),
      "null=" + Join(read.csv.null_texts, ","),
      "path=" + read.json_path,
      "unknown=" + std::to_string(static_cast<int>(options.unknown_columns)) + ":" +
          options.collect_column,
      "record=" + std::to_string(read.max_record_bytes),
      "chunk=" + std::to_string(ChunkSize(options))};
  if (options.mapping) {
    parts.push_back("mapping=" + options.mapping->fingerprint);
  }
  return Join(parts, " ");
}

}  // namespace tenantry::load
