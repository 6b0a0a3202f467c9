#pragma once

#include <memory>

#include "agent/load/read/byte_stream.h"
#include "agent/load/read/place.h"

namespace tenantry::load {

// What a gzip file holds, which may have several members and end with zeros. An error of the
// archive comes after all that could be read of it.
std::unique_ptr<ByteStream> MakeGunzip(std::unique_ptr<ByteStream> bytes, const Origin& origin);

// The same for Zstandard, of one or more frames.
std::unique_ptr<ByteStream> MakeUnzstd(std::unique_ptr<ByteStream> bytes, const Origin& origin);

}  // namespace tenantry::load
