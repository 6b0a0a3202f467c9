#pragma once

#include <memory>

#include "agent/load/read/byte_stream.h"
#include "agent/load/read/place.h"
#include "common/base/result.h"

// From a file's bytes to UTF-8 text.
namespace tenantry::load {

enum class Compression { kNone, kGzip, kZstd };
const char* ToString(Compression compression);  // "", "gzip", "zstd"
enum class Encoding { kUtf8, kUtf8WithMark, kUtf16Le, kUtf16Be, kWindows1252 };
const char* ToString(Encoding encoding);  // "UTF-8", "UTF-8 with BOM", "UTF-16LE", …

struct TextStream {
  std::unique_ptr<ByteStream> text;  // without a byte order mark
  Compression compression = Compression::kNone;
  Encoding encoding = Encoding::kUtf8;
};

// Finds compression by the first bytes (also several members one after the other) and the encoding
// by a byte order mark, by zero bytes, or by what is not UTF-8 in the first megabyte (a single
// invalid byte among UTF-8 sequences does not make it Windows-1252). Bytes that are invalid in the
// encoding are passed on as they are: the reader rejects their record. A truncated or damaged
// archive is kInvalid/InvalidData with the offset, after all that could be read of it.
Result<TextStream> OpenText(std::unique_ptr<ByteStream> bytes, const Origin& origin);

}  // namespace tenantry::load
