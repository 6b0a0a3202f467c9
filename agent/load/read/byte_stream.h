#pragma once

#include <string_view>

#include "common/base/result.h"

namespace tenantry::load {

// Bytes from start to end, piece by piece.
class ByteStream {
 public:
  virtual ~ByteStream() = default;
  // The next piece, valid until the next call; empty after the last one.
  virtual Result<std::string_view> Next() = 0;
};

}  // namespace tenantry::load
