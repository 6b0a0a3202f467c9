#include "agent/load/map/number_format.h"

#include "agent/load/read/characters.h"

namespace tenantry::load {
namespace {

// Reads a number from left to right and writes it in our form.
class NumberCopier {
 public:
  NumberCopier(std::string_view text, const NumberFormat& format, std::string& out)
      : rest_(text), format_(format), out_(out) {}

  bool Copy() {
    CopySign();
    const bool whole = CopyWhole();
    if (!groups_fit_) {
      return false;
    }
    const bool fraction = CopyFraction(whole);
    return (whole || fraction) && CopyExponent() && rest_.empty();
  }

 private:
  bool Take(std::string_view mark) {
    if (mark.empty() || !rest_.starts_with(mark)) {
      return false;
    }
    rest_.remove_prefix(mark.size());
    return true;
  }

  void CopySign() {
    if (Take("-")) {
      out_ += '-';
    } else {
      Take("+");
    }
  }

  std::size_t CopyDigits() {
    std::size_t count = 0;
    while (count < rest_.size() && IsDigit(rest_[count])) {
      ++count;
    }
    out_.append(rest_.substr(0, count));
    rest_.remove_prefix(count);
    return count;
  }

  // Leading zeros are left out: JSON has none.
  bool CopyWhole() {
    const std::size_t start = out_.size();
    std::size_t group = CopyDigits();
    bool first = true;
    while (group > 0 && Take(format_.thousands)) {
      groups_fit_ = groups_fit_ && group <= 3 && (first || group >= 2);
      group = CopyDigits();
      groups_fit_ = groups_fit_ && group >= 2 && group <= 3;
      first = false;
    }
    groups_fit_ = groups_fit_ && (first || group == 3);
    const std::size_t digits = out_.size() - start;
    std::size_t zeros = 0;
    while (zeros + 1 < digits && out_[start + zeros] == '0') {
      ++zeros;
    }
    out_.erase(start, zeros);
    if (digits == 0) {
      out_ += '0';
    }
    return digits > 0;
  }

  bool CopyFraction(bool whole) {
    if (!Take(format_.decimal)) {
      return false;
    }
    out_ += '.';
    const bool digits = CopyDigits() > 0;
    if (!digits) {
      out_.pop_back();
    }
    return digits || whole;
  }

  bool CopyExponent() {
    if (!Take("e") && !Take("E")) {
      return true;
    }
    out_ += 'e';
    CopySign();
    return CopyDigits() > 0;
  }

  std::string_view rest_;
  const NumberFormat& format_;
  std::string& out_;
  bool groups_fit_ = true;
};

}  // namespace

bool NumberFormat::Append(std::string_view text, std::string& out) const {
  const std::size_t start = out.size();
  if (NumberCopier(WithoutBlanks(text), *this, out).Copy()) {
    return true;
  }
  out.resize(start);
  return false;
}

}  // namespace tenantry::load
