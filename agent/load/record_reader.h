#pragma once

#include <memory>
#include <string>
#include <vector>

#include "agent/load/read/byte_stream.h"
#include "agent/load/read/place.h"
#include "agent/load/record.h"
#include "common/api/fixture_set.h"
#include "common/base/result.h"

namespace tenantry::load {

// Reads records one at a time; memory depends on the longest record, not on the source.
// Errors are kInvalid/InvalidData with dataset, record number, byte offset and column, or whatever
// the stream failed with. After an error or the end, Next() must not be called again.
class RecordReader {
 public:
  // Looks at the first bytes: kAuto takes "[" as JSON, "{" as one object or as NDJSON (whatever it
  // turns out to be), everything else as CSV. A source without any record syntax is "empty".
  static Result<std::unique_ptr<RecordReader>> Open(std::unique_ptr<ByteStream> stream,
                                                    api::Format format, Origin origin);
  virtual ~RecordReader() = default;

  // The next record, valid until the next call; nullptr after the last one.
  virtual Result<const Record*> Next() = 0;
  // Names of the columns met so far. CSV knows all from the start, JSON may add more with each
  // record; an index keeps its meaning.
  virtual const std::vector<std::string>& columns() const = 0;
};

}  // namespace tenantry::load
