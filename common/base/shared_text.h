#pragma once

#include <iosfwd>
#include <memory>
#include <string>
#include <string_view>

namespace tenantry {

// An immutable text of which equal ones share one copy (the flyweight pattern): for what repeats in
// thousands of objects. Takes the place of a std::string that is only read. Thread-safe.
class SharedText {
 public:
  SharedText() = default;             // ""
  SharedText(std::string_view text);  // NOLINT(*-explicit-*)
  SharedText(const std::string& text) : SharedText(std::string_view(text)) {}  // NOLINT
  SharedText(const char* text) : SharedText(std::string_view(text)) {}         // NOLINT

  const std::string& str() const;
  operator const std::string&() const { return str(); }  // NOLINT(*-explicit-*)
  bool empty() const { return text_ == nullptr; }

  friend bool operator==(const SharedText& a, const SharedText& b) { return a.text_ == b.text_; }
  friend bool operator==(const SharedText& a, const std::string& b) { return a.str() == b; }
  friend bool operator==(const SharedText& a, const char* b) { return a.str() == b; }
  friend std::ostream& operator<<(std::ostream& out, const SharedText& text);

 private:
  std::shared_ptr<const std::string> text_;  // null: ""
};

}  // namespace tenantry
