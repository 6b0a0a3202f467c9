#pragma once

#include <cstddef>
#include <string>

namespace tenantry::load {

// Finds the end of a record that JsonScan refuses, by brackets and quotes alone. The bytes may come
// in pieces; memory is bounded however deep they are nested.
class JsonMatcher {
 public:
  enum class Until {
    kLineEnd,  // behind the line feed
    kClosed,   // behind the bracket that closes the first one
    kElement,  // at the comma or "]" behind an element of an array
    kMember,   // at the comma or "}" behind a member of an object
  };
  explicit JsonMatcher(Until until) : until_(until) {}

  // Where it ends, or nullptr: not in these bytes.
  const char* Feed(const char* at, const char* end);

 private:
  // Deeper ones are counted, whatever their shape.
  static constexpr std::size_t kMaxKnown = 4096;

  bool IsOpen() const { return !open_.empty(); }
  bool IsSeparator(char byte) const;
  const char* EndOfString(const char* at, const char* end);
  void Open(char bracket);
  void Close(char opening);

  Until until_;
  std::string open_;
  std::size_t deeper_ = 0;
  bool in_string_ = false;
  bool after_backslash_ = false;
};

}  // namespace tenantry::load
