#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "agent/load/bulk_load.h"
#include "agent/load/map/mapped_reader.h"
#include "agent/load/read/batch_reader.h"
#include "agent/load/read/profile.h"
#include "agent/load/source.h"
#include "agent/load/table.h"
#include "common/base/sha256.h"

// A source as a bulk load reads it.
namespace tenantry::load {

// What has been read of a source so far.
struct ReadMeter {
  Sha256 hash;
  std::int64_t bytes = 0;
};
// `meter` outlives the stream.
std::unique_ptr<ByteStream> MeterWhileReading(std::unique_ptr<ByteStream> stream, ReadMeter& meter);

enum class Extent { kSample, kWhole };

struct SourceProfile {
  Finding finding;
  std::vector<std::string> names;
  std::vector<ColumnProfile> columns;
};
// Types of the source's columns, as the mapping makes them. kCancelled soon after `stop`.
Result<SourceProfile> ProfileSource(const Source& source, const ReadOptions& read,
                                    const MappingInUse& mapping, Extent extent,
                                    const Origin& origin, std::stop_token stop);

// Whether the first row of a CSV source names the columns, when the user has not said so: it does
// if it names columns of the table or of the mapping (which may be null); otherwise it is as found.
Result<ReadOptions> DecideHeader(const Source& source, const ReadOptions& read, const Table& table,
                                 const Mapping* mapping, const Origin& origin);

}  // namespace tenantry::load
