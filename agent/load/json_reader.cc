#include "agent/load/json_reader.h"

#include <utility>

namespace tenantry::load {

Error JsonReader::Locate(Error error) const {
  if (error.code != ErrorCode::kInvalid) {
    return error;
  }
  const Place place = {.record = in_record_ ? records_ : 0,
                       .byte = scanner_.flaw_byte(),
                       .column = in_record_ ? column_ : ""};
  return DataError(origin_, place, error.message);
}

Result<const Record*> JsonReader::Next() {
  in_record_ = false;
  column_.clear();
  Result<bool> found = ReadNext();
  if (!found) {
    return Locate(std::move(found).error());
  }
  return *found ? &record_ : nullptr;
}

Result<bool> JsonReader::ReadNext() {
  const bool found = TRY(shape_ == Shape::kArray   ? FindInArray()
                         : shape_ == Shape::kLines ? FindInLines()
                                                   : FindAnotherObject());
  if (found) {
    TRY(ReadObject());
  }
  return found;
}

Result<bool> JsonReader::FindInArray() {
  if (records_ == 0) {
    TRY(scanner_.Expect('['));
  }
  int next = TRY(scanner_.SkipBlanks());
  if (next == ']') {
    input_->Skip();
    if (TRY(scanner_.SkipBlanks()) != Input::kEnd) {
      return scanner_.Flaw("there is more after the end of the array. Remove it.");
    }
    return false;
  }
  if (records_ > 0) {
    if (next != ',') {
      return scanner_.Unexpected(next, "\",\" or \"]\"");
    }
    input_->Skip();
  }
  return true;
}

Result<bool> JsonReader::FindInLines() { return TRY(scanner_.SkipBlanks()) != Input::kEnd; }

Result<bool> JsonReader::FindAnotherObject() {
  if (records_ == 0) {
    return true;
  }
  if (shape_ == Shape::kUndecided && !scanner_.crossed_line()) {
    shape_ = Shape::kLines;
    TRY(EndOfLine());
    return FindInLines();
  }
  if (TRY(scanner_.SkipBlanks()) != Input::kEnd) {
    return scanner_.Flaw(
        "there is more after the object. Put the objects into an array, or one into each line and "
        "set format: NDJSON.");
  }
  return false;
}

// Between an object and the next line there are only blanks.
Result<void> JsonReader::EndOfLine() {
  int byte = input_->Peek();
  for (; byte == ' ' || byte == '\t' || byte == '\r'; byte = input_->Peek()) {
    input_->Skip();
  }
  if (byte != '\n' && byte != Input::kEnd) {
    return scanner_.Flaw("there is more in the line after the object. Put it into its own line.");
  }
  return {};
}

Result<void> JsonReader::ReadObject() {
  const int first = TRY(scanner_.SkipBlanks());
  ++records_;
  in_record_ = true;
  record_.number = records_;
  record_.byte = input_->offset();
  record_.cells.clear();
  if (first != '{') {
    return scanner_.Unexpected(first, "an object");
  }
  scanner_.SetLineRule(shape_ == Shape::kLines ? LineRule::kOneLine : LineRule::kAnyLines);
  scanner_.BeginRecord();
  input_->Skip();
  for (int next = TRY(scanner_.SkipBlanks()); next != '}'; next = TRY(scanner_.SkipBlanks())) {
    if (!record_.cells.empty()) {
      TRY(scanner_.Expect(','));
    }
    TRY(ReadField());
    column_.clear();
  }
  if (record_.cells.empty()) {
    return scanner_.Flaw("the object is empty. Give it at least one field, or remove it.");
  }
  input_->Skip();
  scanner_.EndRecord();
  return shape_ == Shape::kLines ? EndOfLine() : Result<void>();
}

Result<void> JsonReader::ReadField() {
  const int next = TRY(scanner_.SkipBlanks());
  if (next != '"') {
    return scanner_.Unexpected(next, record_.cells.empty() ? "a key or \"}\"" : "a key");
  }
  const std::string name = TRY(scanner_.ReadString());
  const std::size_t column = TRY(ColumnOf(name));
  column_ = columns_[column];
  if (last_record_[column] == records_) {
    return scanner_.Flaw("the key occurs twice in the record. Remove one.");
  }
  last_record_[column] = records_;
  TRY(scanner_.Expect(':'));
  record_.cells.push_back({.column = column, .value = TRY(scanner_.ReadValue())});
  return {};
}

Result<std::size_t> JsonReader::ColumnOf(const std::string& name) {
  const auto [known, is_new] = column_index_.try_emplace(name, columns_.size());
  if (!is_new) {
    return known->second;
  }
  if (columns_.size() == kMaxColumns) {
    return scanner_.Flaw("the records have more than " + std::to_string(kMaxColumns) +
                         " different keys. Nest some of them.");
  }
  columns_.push_back(name);
  last_record_.push_back(0);
  return known->second;
}

}  // namespace tenantry::load
