#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tenantry::load {

enum class FieldKind : std::uint8_t {
  kAbsent,   // the record does not have the column
  kNull,     // JSON null; of CSV: nothing between two delimiters
  kUntyped,  // of CSV: what it is, the column's type says
  kString,   // of JSON, decoded
  kNumber,   // as written: no digit is lost
  kBoolean,  // "true" or "false"
  kNested,   // an object or array as JSON without blanks
};

// One value of a batch. `text` is valid UTF-8 without NUL and lives as long as the batch.
struct Field {
  const char* data = nullptr;
  std::uint32_t size = 0;
  std::uint32_t offset = 0;  // of its first byte in the batch's `raw`
  FieldKind kind = FieldKind::kAbsent;

  std::string_view text() const { return {data, size}; }
};

// What a reader could make nothing of, or only by guessing. `record` is an index into
// Batch::records. A flawed record keeps its number and is not loaded.
struct Flaw {
  enum class Kind { kRejected, kMended };  // kMended: loaded, but worth telling (a short row)
  Kind kind = Kind::kRejected;
  std::size_t record = 0;
  std::uint32_t offset = 0;  // in `raw`
  std::string column;        // empty: none in particular
  std::string what;          // "15 fields instead of 16: the last column was taken as empty"
};

struct RecordPlace {
  std::uint32_t offset = 0;  // of its first byte in `raw`
  std::uint32_t size = 0;    // with its line end
  std::uint32_t line = 0;    // lines of the source between the batch's first and this one's first
  bool rejected = false;     // a Flaw of kind kRejected says why; its fields are all absent
};

// A run of whole records, cut so that it holds about kBatchBytes of text. The same source is always
// cut at the same places, however its bytes arrive.
struct Batch {
  std::int64_t first_record = 1;  // number of the first one, from 1
  std::int64_t byte = 0;          // of the decoded text: where `raw` begins
  std::int64_t line = 1;          // of the source: where `raw` begins
  std::string_view raw;           // from the first record's first byte to the last one's last
  std::size_t width = 0;          // columns known at the batch's end
  std::vector<RecordPlace> records;
  std::vector<Field> fields;  // records.size() x width, record by record
  std::vector<Flaw> flaws;    // in the records' order

  const Field* row(std::size_t record) const { return fields.data() + record * width; }
  std::string_view text(const RecordPlace& place) const {
    return raw.substr(place.offset, place.size);
  }
};

inline constexpr std::size_t kBatchBytes = 256 << 10;

}  // namespace tenantry::load
