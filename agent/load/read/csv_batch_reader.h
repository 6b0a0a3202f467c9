#pragma once

#include <memory>
#include <string>

#include "agent/load/read/batch_reader.h"
#include "agent/load/read/text_stream.h"
#include "common/base/result.h"

namespace tenantry::load {

// More columns than PostgreSQL's tables can have; a source with still more is refused.
inline constexpr std::size_t kMaxCsvColumns = 16'384;

// Batches of CSV. `start` is what was taken from `text` already: the dialect is found in it, so it
// holds at least kTextSample bytes of the text, or all of it.
//
// Rows are never lost silently: one with missing fields is mended with NULLs, one with fields that
// there is no column for is mended when they are empty and rejected otherwise. A quote that is not
// closed within max_record_bytes rejects the lines from its record's first to its own; a longer
// line is rejected and only its first kKeptOfLongLine bytes are in the batch, which it ends.
// Blank lines and comments are no records, in files of one column neither. Lines of one field after
// the last row that read like a note are reported with that row as kMended and not loaded.
Result<std::unique_ptr<BatchReader>> OpenCsvBatches(TextStream text, std::string start,
                                                    const ReadOptions& options,
                                                    const Origin& origin);

inline constexpr std::size_t kTextSample = 1 << 20;
inline constexpr std::size_t kKeptOfLongLine = 64 << 10;

}  // namespace tenantry::load
