#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "agent/load/input.h"
#include "agent/load/record.h"
#include "common/base/result.h"

namespace tenantry::load {

enum class LineRule { kAnyLines, kOneLine };

// The words of JSON (RFC 8259, strictly). Errors are kInvalid, without a place: flaw_byte() is it;
// any other code is the stream's own error.
class JsonScanner {
 public:
  explicit JsonScanner(Input& input) : input_(input) {}

  // What follows belongs to a record that begins here, and is bounded by kMaxRecordBytes.
  void BeginRecord();
  void EndRecord() { in_record_ = false; }
  void SetLineRule(LineRule rule) { line_rule_ = rule; }
  bool crossed_line() const { return crossed_line_; }  // since BeginRecord

  // The next byte that is not blank (not consumed), or Input::kEnd.
  Result<int> SkipBlanks();
  Result<void> Expect(char byte);
  Result<std::string> ReadString();  // at its opening quote, which Peek has shown
  Result<Value> ReadValue();         // of a field of a record: depth 2

  std::int64_t flaw_byte() const { return flaw_byte_; }
  // An error here. `what` is a sentence, with the next step.
  Error Flaw(std::string what);
  Error Unexpected(int byte, std::string_view expected);

 private:
  Error FlawAt(std::int64_t byte, std::string what);
  Result<void> CheckSize();
  Result<void> AppendNested(int depth);
  Result<void> AppendObject(int depth);
  Result<void> AppendArray(int depth);
  Result<std::string> ReadScalar();
  Result<std::string> ReadNumber();
  Result<std::string> ReadDigits();
  Result<std::string> ReadEscape();
  Result<unsigned> ReadFourHex();
  std::string TakePlainRun();

  Input& input_;
  std::string nested_;  // the nested value being read
  std::int64_t record_start_ = 0;
  std::int64_t flaw_byte_ = 0;
  LineRule line_rule_ = LineRule::kAnyLines;
  bool crossed_line_ = false;
  bool in_record_ = false;
};

}  // namespace tenantry::load
