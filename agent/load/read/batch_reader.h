#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/load/read/batch.h"
#include "agent/load/read/byte_stream.h"
#include "agent/load/read/csv_dialect.h"
#include "agent/load/read/place.h"
#include "agent/load/read/text_stream.h"
#include "common/api/fixture_set.h"
#include "common/base/result.h"

namespace tenantry::load {

// What the user knows already; everything else is found.
struct ReadOptions {
  api::Format format = api::Format::kAuto;
  CsvHints csv;
  std::string json_path;  // "/data/users" (RFC 6901): where the array of records is
  std::int64_t max_record_bytes = 16 << 20;  // longer ones are rejected, not kept
};

// What a source turned out to be.
struct Finding {
  Compression compression = Compression::kNone;
  Encoding encoding = Encoding::kUtf8;
  api::Format format = api::Format::kCsv;  // never kAuto
  std::optional<CsvDialect> csv;           // for kCsv
  std::string json_shape;  // for JSON: "array", "one object", "lines", "array at /data/users"
};

// Reads a source in batches; memory depends on the longest record that is let through, not on the
// source. Errors end the reading: the stream's own, or kInvalid/InvalidData for a source that is no
// such data at all. What is wrong with one record is a Flaw of its batch.
class BatchReader {
 public:
  virtual ~BatchReader() = default;

  // Looks at the first megabyte at most. An empty source has no columns and no batches.
  static Result<std::unique_ptr<BatchReader>> Open(std::unique_ptr<ByteStream> stream,
                                                   const ReadOptions& options, Origin origin);

  // The next batch, valid until the next call; nullptr after the last one.
  virtual Result<const Batch*> Next() = 0;
  // Names of the columns met so far: unique and not empty. CSV knows all from the start, JSON may
  // add more with each batch; an index keeps its meaning.
  virtual const std::vector<std::string>& columns() const = 0;
  virtual const Finding& finding() const = 0;
};

}  // namespace tenantry::load
