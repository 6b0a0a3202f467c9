#include "agent/load/record_reader.h"

#include <utility>

#include "agent/load/csv_reader.h"
#include "agent/load/input.h"
#include "agent/load/json_reader.h"

namespace tenantry::load {
namespace {

// So many blanks before the first byte are looked through to tell JSON from CSV.
constexpr std::size_t kMaxLeadingBlanks = 4096;

bool IsBlank(int byte) { return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n'; }

void SkipByteOrderMark(Input& input) {
  if (input.Peek() == 0xEF && input.Peek(1) == 0xBB && input.Peek(2) == 0xBF) {
    input.Skip(3);
  }
}

bool IsUtf16(Input& input) {
  const int first = input.Peek();
  return (first == 0xFF && input.Peek(1) == 0xFE) || (first == 0xFE && input.Peek(1) == 0xFF);
}

// The first byte that is not blank, and how far away it is.
struct FirstByte {
  int byte = Input::kEnd;
  std::size_t ahead = 0;
};
FirstByte FindFirstByte(Input& input) {
  FirstByte first = {.byte = input.Peek(), .ahead = 0};
  while (IsBlank(first.byte) && first.ahead < kMaxLeadingBlanks) {
    first.byte = input.Peek(++first.ahead);
  }
  return first;
}

Result<JsonReader::Shape> ShapeOf(int first, api::Format format) {
  using Shape = JsonReader::Shape;
  if (format == api::Format::kNdjson && first == '{') {
    return Shape::kLines;
  }
  if (format != api::Format::kNdjson && first == '[') {
    return Shape::kArray;
  }
  if (format != api::Format::kNdjson && first == '{') {
    return format == api::Format::kJson ? Shape::kOneObject : Shape::kUndecided;
  }
  const bool lines = format == api::Format::kNdjson;
  const char byte = static_cast<char>(first);
  return Error{.code = ErrorCode::kInvalid,
               .message = "it begins with " + Quoted(std::string_view(&byte, 1)) + ", and " +
                          (lines ? "NDJSON with \"{\"" : "JSON with \"[\" or \"{\"") +
                          ". Correct the format, or set format: Auto."};
}

}  // namespace

Result<std::unique_ptr<RecordReader>> RecordReader::Open(std::unique_ptr<ByteStream> stream,
                                                         api::Format format, Origin origin) {
  auto input = std::make_unique<Input>(std::move(stream));
  SkipByteOrderMark(*input);
  if (IsUtf16(*input)) {
    return DataError(origin, {.byte = 0}, "the bytes are UTF-16. Save the file as UTF-8.");
  }
  const FirstByte first = FindFirstByte(*input);
  if (input->error()) {
    return *input->error();
  }
  if (first.byte == Input::kEnd) {
    return DataError(origin, {}, "it is empty. Give it records, or [] for none.");
  }
  const bool json_like = first.byte == '[' || first.byte == '{';
  if (format == api::Format::kCsv || (format == api::Format::kAuto && !json_like)) {
    if (json_like) {
      return DataError(
          origin, {.byte = input->offset()},
          "it looks like JSON, not like CSV. Correct the format, or set format: Auto.");
    }
    return CsvReader::Open(std::move(input), std::move(origin));
  }
  input->Skip(first.ahead);
  Result<JsonReader::Shape> shape = ShapeOf(first.byte, format);
  if (!shape) {
    return DataError(origin, {.byte = input->offset()}, shape.error().message);
  }
  return std::unique_ptr<RecordReader>(
      std::make_unique<JsonReader>(std::move(input), *shape, std::move(origin)));
}

}  // namespace tenantry::load
