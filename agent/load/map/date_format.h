#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agent/load/map/mapping.h"
#include "common/base/result.h"

namespace tenantry::load {

// Dates and times in a format such as "%d.%m.%Y %H:%M", as strptime takes it, in English:
// %Y %y %m %b %B %d %e %j %a %A %H %I %p %M %S %f (a fraction of a second) %z (Z, +HH, +HHMM,
// +HH:MM) %s (seconds since 1970) %%. A blank takes one or more blanks, everything else is itself.
class DateFormat {
 public:
  // kInvalid/InvalidSpec, "path: …", for a letter that is none of these, or a format that lacks
  // what `type` (kDate, kTimestamp, kTimestampTz) needs.
  static Result<DateFormat> Parse(std::string_view format, CastType type, const std::string& path);

  // Appends the value as PostgreSQL takes it in every setting: "2026-01-31 17:05:00+01:00". False,
  // and nothing appended: `text` is none of that format, or no day of the calendar.
  bool Append(std::string_view text, std::string& out) const;

 private:
  CastType type_ = CastType::kDate;
  // A directive's letter, or a byte that stands for itself.
  struct Item {
    bool is_directive = false;
    char c = '\0';
  };
  std::vector<Item> items_;
};

}  // namespace tenantry::load
