#include "agent/load/read/batch_reader.h"

#include <utility>

#include "agent/load/read/csv_batch_reader.h"
#include "agent/load/read/json_batch_reader.h"

namespace tenantry::load {
namespace {

// The beginning of a text; more than kTextSample bytes as the pieces come.
Result<std::string> TakeStart(ByteStream& text) {
  std::string start;
  while (start.size() < kTextSample) {
    Result<std::string_view> piece = text.Next();
    if (!piece && start.empty()) {
      return std::move(piece).error();
    }
    if (!piece || piece->empty()) {
      break;  // an error is met again when reading gets there
    }
    start += *piece;
  }
  return start;
}

bool LooksLikeJson(std::string_view start) {
  const std::size_t first = start.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && (start[first] == '[' || start[first] == '{');
}

}  // namespace

Result<std::unique_ptr<BatchReader>> BatchReader::Open(std::unique_ptr<ByteStream> stream,
                                                       const ReadOptions& options, Origin origin) {
  TextStream text = TRY(OpenText(std::move(stream), origin));
  std::string start = TRY(TakeStart(*text.text));
  const bool csv = options.format == api::Format::kCsv ||
                   (options.format == api::Format::kAuto && !LooksLikeJson(start));
  return csv ? OpenCsvBatches(std::move(text), std::move(start), options, origin)
             : OpenJsonBatches(std::move(text), std::move(start), options, std::move(origin));
}

}  // namespace tenantry::load
