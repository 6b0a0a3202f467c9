#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace tenantry::load {

// PostgreSQL: MaxHeapAttributeNumber.
inline constexpr std::size_t kMaxJsonColumns = 1600;
inline constexpr std::size_t kMaxJsonKeyBytes = 1024;

// The keys met so far, and which one is likely to come after which.
class JsonColumns {
 public:
  // The names that users see: not empty, and unique.
  const std::vector<std::string>& names() const { return names_; }
  std::size_t size() const { return names_.size(); }

  // The column whose key comes next if this record is written like the ones before, or leaves a few
  // keys out. `previous` is the column before it (kNone: this is the first), `source` the text
  // behind the opening quote. kNone: the text does not begin with such a key and its closing quote.
  std::size_t Predict(std::size_t previous, std::string_view source) const {
    const std::size_t next = previous == kNone ? first_ : keys_[previous].next;
    if (next != kNone && source.starts_with(keys_[next].source)) {
      return next;
    }
    const std::size_t begin = previous == kNone ? 0 : previous + 1;
    const std::size_t end = std::min(begin + kLookAhead, keys_.size());
    for (std::size_t column = begin; column < end; ++column) {
      if (source.starts_with(keys_[column].source)) {
        return column;
      }
    }
    return kNone;
  }
  // Bytes from the opening quote to behind the closing one, of a predicted key.
  std::size_t KeySize(std::size_t column) const { return keys_[column].source.size() + 1; }

  // By its decoded key; `source` is how the text writes it, with the closing quote. Adds it when it
  // is new; kNone: there are kMaxJsonColumns already.
  std::size_t FindOrAdd(std::size_t previous, std::string_view key, std::string_view source);
  void ForgetFrom(std::size_t size);  // those added last, when their record turns out to be flawed

  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

 private:
  static constexpr std::size_t kLookAhead = 4;

  struct Key {
    std::string source;
    std::size_t next = kNone;
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };

  std::string UniqueName(std::string_view key) const;

  std::vector<std::string> names_;
  std::vector<Key> keys_;
  std::vector<std::string> decoded_;
  std::unordered_map<std::string, std::size_t, Hash, std::equal_to<>> index_;
  std::size_t first_ = kNone;
};

}  // namespace tenantry::load
