#pragma once

#include <memory>

#include "agent/load/bulk_chunk.h"

namespace tenantry::load {

// Gathers records to chunks. Where a chunk ends depends on the records near its end only, so that a
// change in one place of a source leaves the chunks after it as they were (content-defined
// chunking; FastCDC, Xia et al., USENIX ATC 2016, at the granularity of records). Pure.
class ChunkCutter {
 public:
  // `largest`: bytes of text after which a chunk ends in any case.
  explicit ChunkCutter(std::size_t largest);

  // Index of the record in the chunk at hand.
  std::uint32_t Add(const Batch& batch, std::size_t index);
  bool full() const { return full_; }
  bool empty() const { return chunk_->records.empty(); }
  // The chunk at hand; begins the next one.
  std::shared_ptr<const ChunkText> Take();

 private:
  bool EndsChunk(std::string_view record) const;

  std::size_t largest_;
  std::int32_t next_number_ = 0;
  std::shared_ptr<ChunkText> chunk_;
  bool full_ = false;
};

}  // namespace tenantry::load
