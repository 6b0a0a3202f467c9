#include "agent/load/bulk_cutter.h"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

namespace tenantry::load {
namespace {

// Of a record's end, which decides whether its chunk ends with it.
constexpr std::size_t kWindow = 48;

std::string HashOf(std::string_view text) {
  const XXH128_hash_t hash = XXH3_128bits(text.data(), text.size());
  std::array<char, 33> hex;
  std::snprintf(hex.data(), hex.size(), "%016llx%016llx",
                static_cast<unsigned long long>(hash.high64),
                static_cast<unsigned long long>(hash.low64));
  return hex.data();
}

}  // namespace

ChunkCutter::ChunkCutter(std::size_t largest)
    : largest_(largest), chunk_(std::make_shared<ChunkText>()) {}

std::uint32_t ChunkCutter::Add(const Batch& batch, std::size_t index) {
  const RecordPlace& place = batch.records[index];
  const std::string_view raw = batch.text(place);
  const std::int64_t byte = batch.byte + place.offset;
  if (empty()) {
    chunk_->number = next_number_++;
    chunk_->first_record = batch.first_record + static_cast<std::int64_t>(index);
    chunk_->first_line = batch.line + place.line;
    chunk_->byte_from = byte;
  }
  chunk_->byte_to = byte + static_cast<std::int64_t>(raw.size());
  chunk_->records.push_back(
      {.byte = byte,
       .offset = static_cast<std::uint32_t>(chunk_->text.size()),
       .size = static_cast<std::uint32_t>(raw.size()),
       .line = static_cast<std::uint32_t>(batch.line + place.line - chunk_->first_line)});
  chunk_->text.append(raw);
  full_ =
      chunk_->text.size() >= largest_ || (chunk_->text.size() >= largest_ / 2 && EndsChunk(raw));
  return static_cast<std::uint32_t>(chunk_->records.size() - 1);
}

// So likely that a chunk goes on for a quarter of the largest size on average.
bool ChunkCutter::EndsChunk(std::string_view record) const {
  const std::string_view end = record.substr(record.size() - std::min(record.size(), kWindow));
  const std::uint64_t odds = std::max<std::uint64_t>(1, largest_ / 4 / (record.size() + 1));
  return XXH3_64bits(end.data(), end.size()) % odds == 0;
}

std::shared_ptr<const ChunkText> ChunkCutter::Take() {
  chunk_->hash = HashOf(chunk_->text);
  full_ = false;
  auto next = std::make_shared<ChunkText>();
  next->text.reserve(chunk_->text.size());
  next->records.reserve(chunk_->records.size());
  return std::exchange(chunk_, std::move(next));
}

}  // namespace tenantry::load
