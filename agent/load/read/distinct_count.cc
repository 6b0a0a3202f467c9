#include "agent/load/read/distinct_count.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

namespace tenantry::load {
namespace {

constexpr int kRegisterBits = 13;
constexpr std::size_t kRegisters = std::size_t{1} << kRegisterBits;
constexpr std::size_t kFirstSlots = 64;

std::uint64_t Mix(std::uint64_t left, std::uint64_t right) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = Wide{left} * right;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

std::uint64_t LoadBytes(const char* from, std::size_t count) {
  std::uint64_t word = 0;
  std::memcpy(&word, from, count);
  return word;
}

// Source: wyhash (public domain), its multiply-and-fold step.
std::uint64_t Hash(std::string_view text) {
  constexpr std::uint64_t kFirst = 0xA0761D6478BD642F;
  constexpr std::uint64_t kSecond = 0xE7037ED1A0B428DB;
  constexpr std::uint64_t kThird = 0x8EBC6AF09C88C6E3;
  std::uint64_t hash = kFirst ^ text.size();
  const std::size_t size = text.size();
  while (text.size() > 16) {
    hash = Mix(LoadBytes(text.data(), 8) ^ kSecond, LoadBytes(text.data() + 8, 8) ^ hash);
    text.remove_prefix(16);
  }
  const std::size_t low = text.size() < 8 ? text.size() : 8;
  const std::uint64_t head = LoadBytes(text.data(), low);
  const std::uint64_t tail = LoadBytes(text.data() + low, text.size() - low);
  hash = Mix(head ^ kSecond, tail ^ hash);
  return Mix(hash ^ kThird, size ^ kFirst);
}

}  // namespace

void DistinctCount::Add(std::string_view text, std::int64_t exact_limit, std::size_t spare) {
  std::uint64_t hash = Hash(text);
  hash = hash == 0 ? 1 : hash;
  if (!exact()) {
    Estimate(hash);
    return;
  }
  const bool full = static_cast<std::size_t>(filled_) * 5 >= slots_.size() * 4;
  if (full && std::max(bytes(), kFirstSlots * sizeof hash) > spare) {
    StopCounting();
    Estimate(hash);
    return;
  }
  if (full) {
    Grow();
  }
  Insert(hash);
  if (filled_ > exact_limit) {
    StopCounting();
  }
}

std::int64_t DistinctCount::count() const {
  if (exact()) {
    return filled_;
  }
  constexpr auto kSize = static_cast<double>(kRegisters);
  double sum = 0;
  double zeros = 0;
  for (const std::uint8_t rank : registers_) {
    sum += std::ldexp(1.0, -rank);
    zeros += rank == 0 ? 1 : 0;
  }
  const double estimate = 0.7213 / (1 + 1.079 / kSize) * kSize * kSize / sum;
  const bool few = estimate <= 2.5 * kSize && zeros > 0;
  return std::llround(few ? kSize * std::log(kSize / zeros) : estimate);
}

void DistinctCount::Insert(std::uint64_t hash) {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = hash & mask;
  while (slots_[at] != 0) {
    if (slots_[at] == hash) {
      return;
    }
    at = (at + 1) & mask;
  }
  slots_[at] = hash;
  ++filled_;
}

void DistinctCount::Grow() {
  std::vector<std::uint64_t> old(slots_.empty() ? kFirstSlots : slots_.size() * 2);
  old.swap(slots_);
  filled_ = 0;
  for (const std::uint64_t hash : old) {
    if (hash != 0) {
      Insert(hash);
    }
  }
}

void DistinctCount::Estimate(std::uint64_t hash) {
  const std::size_t place = hash >> (64 - kRegisterBits);
  // The one bit ends the count of zeros when all others are zero.
  const std::uint64_t rest = hash << kRegisterBits | std::uint64_t{1} << (kRegisterBits - 1);
  const auto rank = static_cast<std::uint8_t>(std::countl_zero(rest) + 1);
  registers_[place] = registers_[place] < rank ? rank : registers_[place];
}

void DistinctCount::StopCounting() {
  registers_.assign(kRegisters, 0);
  for (const std::uint64_t hash : slots_) {
    if (hash != 0) {
      Estimate(hash);
    }
  }
  slots_ = {};
  filled_ = 0;
}

}  // namespace tenantry::load
