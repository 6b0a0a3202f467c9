#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agent/load/map/key_lookup.h"
#include "agent/load/map/mapping.h"
#include "agent/postgres/connection.h"
#include "common/base/result.h"

namespace tenantry::load {

// A table's natural keys with what belongs to them, in a few blocks of memory.
class KeyTable {
 public:
  KeyTable() = default;

  // A natural key that comes again with another `take` has several.
  void Add(std::string_view natural, std::string_view take);
  KeyLookup::Key Find(std::string_view natural) const;
  std::int64_t bytes() const;
  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::uint64_t offset = 0;  // in text_: the natural key, then what belongs to it
    std::uint32_t natural_size = 0;
    std::uint32_t take_size = 0;
    bool several = false;
  };

  std::string_view NaturalOf(const Entry& entry) const {
    return std::string_view(text_).substr(entry.offset, entry.natural_size);
  }
  std::string_view TakeOf(const Entry& entry) const {
    return std::string_view(text_).substr(entry.offset + entry.natural_size, entry.take_size);
  }
  // Where the key is, or would be.
  std::size_t SlotOf(std::string_view natural) const;
  void Grow();

  std::string text_;
  std::vector<Entry> entries_;
  std::vector<std::uint32_t> slots_;  // index + 1 of an entry; 0: free. Open addressing
};

// The keys that a mapping needs, as the session's role sees them; tables without a schema are in
// `schema`. kInvalid/InvalidSpec: there is no such table or column, or the keys of all tables need
// more than `limit_bytes`.
Result<std::unique_ptr<KeyLookup>> ReadKeys(postgres::Connection& session, const Mapping& mapping,
                                            const std::string& schema, std::int64_t limit_bytes);

}  // namespace tenantry::load
