#pragma once

#include <memory>
#include <string>

#include "agent/load/read/batch_reader.h"
#include "agent/load/read/text_stream.h"
#include "common/base/result.h"

namespace tenantry::load {

// Batches of JSON (RFC 8259, strictly). `start` is what was taken from `text` already; at most one
// megabyte is looked at to find the shape. With Format::kNdjson each line is a record, whatever the
// text looks like. A record is an object (its keys are the columns), an array (column_1, …) or a
// scalar (column `value`).
Result<std::unique_ptr<BatchReader>> OpenJsonBatches(TextStream text, std::string start,
                                                     const ReadOptions& options, Origin origin);

}  // namespace tenantry::load
