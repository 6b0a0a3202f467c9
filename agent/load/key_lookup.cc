#include "agent/load/key_lookup.h"

#include <xxhash.h>

#include <utility>

#include "agent/postgres/quote.h"
#include "common/api/reasons.h"

namespace tenantry::load {
namespace {

constexpr std::size_t kFirstSlots = 1024;  // a power of two

class KeyTables final : public KeyLookup {
 public:
  explicit KeyTables(std::vector<KeyTable> tables) : tables_(std::move(tables)) {}
  Key Find(std::size_t reference, std::string_view natural) const override {
    return tables_[reference].Find(natural);
  }

 private:
  std::vector<KeyTable> tables_;
};

std::string TableSql(const KeyReference& reference, const std::string& schema) {
  const std::size_t dot = reference.table.find('.');
  const bool has_schema = dot != std::string::npos;
  return postgres::QuoteIdentifier(has_schema ? reference.table.substr(0, dot) : schema) + "." +
         postgres::QuoteIdentifier(has_schema ? reference.table.substr(dot + 1) : reference.table);
}

Error TooLarge(const KeyReference& reference, std::size_t rows, std::int64_t limit) {
  return {.code = ErrorCode::kInvalid,
          .message = reference.path + ": the keys of table " + reference.table +
                     " need more than the memory limit of " + std::to_string(limit >> 20) +
                     " MiB (after " + std::to_string(rows) +
                     " rows). Raise the limit, or load into a staging table and join there.",
          .reason = api::reason::kInvalidSpec};
}

// In pieces, so that a table that is too large is noticed before it fills the memory.
Result<KeyTable> ReadTable(postgres::Connection& session, const KeyReference& reference,
                           const std::string& schema, std::int64_t limit) {
  const std::string match = postgres::QuoteIdentifier(reference.match);
  TRY(session.Execute("DECLARE tenantry_keys NO SCROLL CURSOR FOR SELECT " + match + "::text, " +
                      postgres::QuoteIdentifier(reference.take) + "::text FROM " +
                      TableSql(reference, schema) + " WHERE " + match + " IS NOT NULL"));
  KeyTable table;
  for (;;) {
    const postgres::Rows rows = TRY(session.Execute("FETCH 10000 FROM tenantry_keys"));
    if (rows.empty()) {
      break;
    }
    for (const std::vector<postgres::Parameter>& row : rows.rows) {
      if (row[1]) {
        table.Add(*row[0], *row[1]);
      }
    }
    if (table.bytes() > limit) {
      return TooLarge(reference, table.size(), limit);
    }
  }
  TRY(session.Execute("CLOSE tenantry_keys"));
  return table;
}

Result<std::vector<KeyTable>> ReadTables(postgres::Connection& session,
                                         const std::vector<KeyReference>& references,
                                         const std::string& schema, std::int64_t limit) {
  std::vector<KeyTable> tables;
  for (const KeyReference& reference : references) {
    Result<KeyTable> table = ReadTable(session, reference, schema, limit);
    if (!table && table.error().code == ErrorCode::kInvalid &&
        table.error().message.starts_with(reference.path)) {
      return std::move(table).error();
    }
    if (!table) {
      return WithContext(std::move(table).error(), reference.path);
    }
    limit -= table->bytes();
    tables.push_back(*std::move(table));
  }
  return tables;
}

}  // namespace

void KeyTable::Add(std::string_view natural, std::string_view take) {
  if ((entries_.size() + 1) * 2 > slots_.size()) {
    Grow();
  }
  const std::size_t slot = SlotOf(natural);
  if (slots_[slot] != 0) {
    Entry& entry = entries_[slots_[slot] - 1];
    entry.several = entry.several || TakeOf(entry) != take;
    return;
  }
  entries_.push_back({.offset = text_.size(),
                      .natural_size = static_cast<std::uint32_t>(natural.size()),
                      .take_size = static_cast<std::uint32_t>(take.size())});
  text_.append(natural).append(take);
  slots_[slot] = static_cast<std::uint32_t>(entries_.size());
}

KeyLookup::Key KeyTable::Find(std::string_view natural) const {
  if (slots_.empty()) {
    return {};
  }
  const std::uint32_t found = slots_[SlotOf(natural)];
  if (found == 0) {
    return {};
  }
  const Entry& entry = entries_[found - 1];
  return {.answer = entry.several ? KeyLookup::Answer::kSeveral : KeyLookup::Answer::kFound,
          .text = TakeOf(entry)};
}

std::int64_t KeyTable::bytes() const {
  return static_cast<std::int64_t>(text_.capacity() + entries_.capacity() * sizeof(Entry) +
                                   slots_.capacity() * sizeof(std::uint32_t));
}

std::size_t KeyTable::SlotOf(std::string_view natural) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = XXH3_64bits(natural.data(), natural.size()) & mask;
  while (slots_[slot] != 0 && NaturalOf(entries_[slots_[slot] - 1]) != natural) {
    slot = (slot + 1) & mask;
  }
  return slot;
}

void KeyTable::Grow() {
  slots_.assign(slots_.empty() ? kFirstSlots : slots_.size() * 2, 0);
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    slots_[SlotOf(NaturalOf(entries_[i]))] = static_cast<std::uint32_t>(i + 1);
  }
}

Result<std::unique_ptr<KeyLookup>> ReadKeys(postgres::Connection& session, const Mapping& mapping,
                                            const std::string& schema, std::int64_t limit_bytes) {
  const std::vector<KeyReference> references = KeysOf(mapping);
  if (references.empty()) {
    return std::unique_ptr<KeyLookup>();
  }
  TRY(session.Begin());
  Result<std::vector<KeyTable>> tables = ReadTables(session, references, schema, limit_bytes);
  session.Rollback();
  if (!tables) {
    return std::move(tables).error();
  }
  return std::unique_ptr<KeyLookup>(std::make_unique<KeyTables>(*std::move(tables)));
}

}  // namespace tenantry::load
