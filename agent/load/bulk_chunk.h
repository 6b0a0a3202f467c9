#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agent/load/read/batch.h"

// What the loading thread hands to the lanes.
namespace tenantry::load {

// A record that is not loaded, and why.
struct Reject {
  std::int64_t record = 0;
  std::int64_t line = 0;
  std::int64_t byte = 0;  // of the decoded source
  std::string column;     // empty: none in particular
  std::string reason;     // without the value, to count by: "duration_ms is not an integer"
  std::string what;       // with it, and what to do
  std::string raw;        // the record as the source has it
};

// The source's text of one chunk: kept until the chunk is committed, for its rejects.
struct ChunkText {
  struct Record {
    std::int64_t byte = 0;     // of the decoded source
    std::uint32_t offset = 0;  // in `text`
    std::uint32_t size = 0;
    std::uint32_t line = 0;  // after `first_line`
  };
  std::int32_t number = 0;
  std::int64_t first_record = 0;
  std::int64_t first_line = 0;
  std::int64_t byte_from = 0;
  std::int64_t byte_to = 0;
  std::string hash;  // of `text`: XXH3, 128 bits, hex
  std::string text;
  std::vector<Record> records;

  std::string_view Raw(std::size_t record) const {
    return std::string_view(text).substr(records[record].offset, records[record].size);
  }
};

// Rows of one chunk with the same columns, encoded for COPY.
struct EncodedRows {
  std::vector<std::size_t> columns;  // of the table, in COPY's order
  std::string bytes;
  std::vector<std::size_t> ends;       // by row: where it ends in `bytes`
  std::vector<std::uint32_t> records;  // by row: index into ChunkText::records

  std::size_t size() const { return ends.size(); }
  std::string_view Bytes(std::size_t from, std::size_t to) const {
    const std::size_t start = from == 0 ? 0 : ends[from - 1];
    return to == from ? std::string_view()
                      : std::string_view(bytes).substr(start, ends[to - 1] - start);
  }
};

// One lane's share of a chunk: written and committed together with its checkpoint.
struct Part {
  std::shared_ptr<const ChunkText> chunk;
  std::int32_t lane = 0;
  std::int64_t read = 0;  // records of the share, rejected ones included
  std::vector<EncodedRows> groups;
  std::vector<Reject> rejects;  // found before the server saw them

  std::size_t bytes() const {
    std::size_t sum = 0;
    for (const EncodedRows& rows : groups) {
      sum += rows.bytes.size();
    }
    return sum;
  }
};

}  // namespace tenantry::load
