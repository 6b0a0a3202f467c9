#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace tenantry::load {

// How many different texts there were: exactly up to a limit, then an estimate (HyperLogLog, about
// 1 % off). Texts count as equal when 64 bits of a hash are.
// Source: P. Flajolet et al., HyperLogLog (2007); S. Heule et al., HyperLogLog in Practice (2013)
// for 64-bit hashes.
class DistinctCount {
 public:
  // `spare` bytes may be taken beside bytes().
  void Add(std::string_view text, std::int64_t exact_limit, std::size_t spare);
  std::int64_t count() const;
  bool exact() const { return registers_.empty(); }
  // Of the exact count.
  std::size_t bytes() const { return slots_.size() * sizeof(std::uint64_t); }

 private:
  void Insert(std::uint64_t hash);
  void Grow();
  void Estimate(std::uint64_t hash);
  void StopCounting();

  std::vector<std::uint64_t> slots_;  // open addressing; 0: free
  std::int64_t filled_ = 0;
  std::vector<std::uint8_t> registers_;
};

}  // namespace tenantry::load
