#pragma once

#include <memory>

#include "agent/load/read/byte_stream.h"
#include "agent/load/read/text_stream.h"

namespace tenantry::load {

// UTF-8 of bytes in `encoding`, which is not UTF-8 itself. Half a surrogate pair and half a
// character at the end become bytes that are not UTF-8.
std::unique_ptr<ByteStream> MakeDecoder(std::unique_ptr<ByteStream> bytes, Encoding encoding);

}  // namespace tenantry::load
