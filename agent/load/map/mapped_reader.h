#pragma once

#include <memory>
#include <string>
#include <vector>

#include "agent/load/map/key_lookup.h"
#include "agent/load/map/mapping.h"
#include "agent/load/read/batch_reader.h"
#include "common/base/result.h"

namespace tenantry::load {

// What becomes of a source's batches on their way to a table. Both outlive the readers.
struct MappingInUse {
  const Mapping* mapping = nullptr;  // null: nothing, at no cost
  const KeyLookup* keys = nullptr;   // null: values that look for a key stay as they are
};

// BatchReader::Open, and its batches as the mapping makes them: other columns and values, the same
// records at the same places. A value that a step refuses makes its record a rejected one, with a
// Flaw that names column and reason. kInvalid/InvalidSpec when the data lacks a column that the
// mapping takes; JSON may bring it later.
Result<std::unique_ptr<BatchReader>> OpenBatches(std::unique_ptr<ByteStream> stream,
                                                 const ReadOptions& options,
                                                 const MappingInUse& use, Origin origin);

// The same for a reader that is open.
Result<std::unique_ptr<BatchReader>> MapBatches(std::unique_ptr<BatchReader> reader,
                                                const MappingInUse& use, Origin origin);

}  // namespace tenantry::load
