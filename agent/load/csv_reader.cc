#include "agent/load/csv_reader.h"

#include <algorithm>
#include <utility>

namespace tenantry::load {
namespace {

// What stands for itself, in quotes or not, at the start of `text`.
std::string_view PlainRun(std::string_view text) {
  std::size_t length = 0;
  while (length < text.size() && text[length] >= 0x20 && text[length] < 0x7F &&
         text[length] != '"' && text[length] != ',') {
    ++length;
  }
  return text.substr(0, length);
}

}  // namespace

Error CsvReader::Flaw(std::int64_t byte, std::string_view what) const {
  if (input_->error()) {
    return *input_->error();
  }
  const std::size_t column = fields_.empty() ? 0 : fields_.size() - 1;
  const bool named = !in_header_ && column < columns_.size();
  return DataError(origin_,
                   {.record = in_header_ ? 0 : record_.number,
                    .byte = byte,
                    .column = named ? columns_[column] : ""},
                   what);
}

Result<std::unique_ptr<RecordReader>> CsvReader::Open(std::unique_ptr<Input> input, Origin origin) {
  std::unique_ptr<CsvReader> reader(new CsvReader(std::move(input), std::move(origin)));
  TRY(reader->ReadHeader());
  return std::unique_ptr<RecordReader>(std::move(reader));
}

Result<void> CsvReader::ReadHeader() {
  SkipEmptyLines();
  TRY(ReadRow());
  for (const Field& field : fields_) {
    const Place place = {.byte = field.byte};
    if (field.text.empty()) {
      return DataError(origin_, place, "a column in the header has no name. Name it.");
    }
    if (std::find(columns_.begin(), columns_.end(), field.text) != columns_.end()) {
      return DataError(origin_, place,
                       "the header has column " + Quoted(field.text) + " twice. Remove one.");
    }
    columns_.push_back(field.text);
  }
  in_header_ = false;
  return {};
}

Result<const Record*> CsvReader::Next() {
  SkipEmptyLines();
  if (input_->Peek() == Input::kEnd) {
    if (input_->error()) {
      return *input_->error();
    }
    return nullptr;
  }
  ++record_.number;
  record_.byte = input_->offset();
  TRY(ReadRow());
  if (fields_.size() != columns_.size()) {
    return DataError(origin_, {.record = record_.number, .byte = record_.byte, .column = ""},
                     "it has " + std::to_string(fields_.size()) + " values, the header has " +
                         std::to_string(columns_.size()) +
                         " columns. Correct the line, or put values with commas in quotes.");
  }
  record_.cells.resize(columns_.size());
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    Field& field = fields_[i];
    const bool null = field.text.empty() && !field.quoted;
    record_.cells[i] = {.column = i,
                        .value = {.kind = null ? Value::Kind::kNull : Value::Kind::kUntyped,
                                  .text = std::move(field.text),
                                  .byte = field.byte}};
  }
  return &record_;
}

void CsvReader::SkipEmptyLines() {
  for (;;) {
    if (input_->Peek() == '\n') {
      input_->Skip();
    } else if (input_->Peek() == '\r' && input_->Peek(1) == '\n') {
      input_->Skip(2);
    } else {
      return;
    }
  }
}

Result<void> CsvReader::ReadRow() {
  row_start_ = input_->offset();
  fields_.clear();
  for (bool ended = false; !ended;) {
    TRY(ReadField());
    ended = TRY(EndOfField());
    TRY(CheckSize());
    if (fields_.size() > kMaxColumns) {
      return Flaw(row_start_, "it has more than " + std::to_string(kMaxColumns) +
                                  " values. Check that each quote is closed.");
    }
  }
  return {};
}

Result<void> CsvReader::ReadField() {
  Field& field = fields_.emplace_back();
  field.byte = input_->offset();
  utf8_ = Utf8Check();
  field.quoted = input_->Peek() == '"';
  return field.quoted ? ReadQuoted(field) : ReadUnquoted(field);
}

Result<void> CsvReader::CheckSize() const {
  if (input_->offset() - row_start_ > kMaxRecordBytes) {
    return Flaw(row_start_, "the record is longer than 16 MiB. Check that each quote is closed.");
  }
  return {};
}

Result<void> CsvReader::Take(Field& field) {
  TRY(CheckSize());
  if (utf8_.idle()) {
    const std::string_view run = PlainRun(input_->Buffered());
    field.text += run;
    if (!run.empty()) {
      input_->Skip(run.size());
      return {};
    }
  }
  const int byte = input_->Peek();
  const std::int64_t start = input_->offset() - (utf8_.idle() ? 0 : utf8_.fed());
  if (byte == 0) {
    return Flaw(start, "it holds a NUL byte, which PostgreSQL cannot store. Remove it.");
  }
  if (!utf8_.Feed(static_cast<unsigned char>(byte))) {
    return Flaw(start, "the bytes are not valid UTF-8. Save the file as UTF-8.");
  }
  field.text += static_cast<char>(byte);
  input_->Skip();
  return {};
}

Result<void> CsvReader::ReadQuoted(Field& field) {
  input_->Skip();
  for (;;) {
    const int byte = input_->Peek();
    if (byte == Input::kEnd) {
      return Flaw(field.byte, "the data ends inside a quoted value: it is cut. Complete it.");
    }
    if (byte == '"' && utf8_.idle()) {
      if (input_->Peek(1) != '"') {
        input_->Skip();
        return {};
      }
      input_->Skip();  // the first of two stands for the second
    }
    TRY(Take(field));
  }
}

Result<void> CsvReader::ReadUnquoted(Field& field) {
  for (;;) {
    const int byte = input_->Peek();
    const bool separator = byte == ',' || byte == '\n' || byte == '\r' || byte == Input::kEnd;
    if (separator && utf8_.idle()) {
      return {};
    }
    if (byte == Input::kEnd) {
      return Flaw(input_->offset() - utf8_.fed(),
                  "the data ends inside a UTF-8 character: it is cut. Complete it.");
    }
    if (byte == '"') {
      return Flaw(input_->offset(),
                  "a quote stands inside an unquoted value. Put the value in quotes and double "
                  "the quote.");
    }
    TRY(Take(field));
  }
}

Result<bool> CsvReader::EndOfField() {
  const int byte = input_->Peek();
  if (byte == ',') {
    input_->Skip();
    return false;
  }
  if (byte == Input::kEnd) {
    if (input_->error()) {
      return *input_->error();
    }
    return true;
  }
  if (byte == '\n') {
    input_->Skip();
    return true;
  }
  if (byte == '\r' && input_->Peek(1) == '\n') {
    input_->Skip(2);
    return true;
  }
  if (byte == '\r') {
    return Flaw(input_->offset(), "a CR stands without LF. End lines with LF or CRLF.");
  }
  return Flaw(input_->offset(), "there is more after the closing quote. Double quotes in values.");
}

}  // namespace tenantry::load
