#pragma once

#include "agent/load/read/json_matcher.h"
#include "agent/load/read/json_scan.h"
#include "agent/load/read/json_shape.h"

namespace tenantry::load {

inline constexpr const char* kLineEndsInside =
    "the line ends inside the record. Put one whole object into each line.";

// Tells one record from the next.
class JsonFramer {
 public:
  explicit JsonFramer(JsonScan& scan) : scan_(scan) {}
  void SetFraming(JsonFraming framing) { framing_ = framing; }

  struct End {
    const char* record = nullptr;  // nullptr: the scan's flaw() says why
    const char* next = nullptr;    // where another record may begin
    bool last = false;
  };
  enum class Rest { kMore, kNone, kLost };  // behind the scan's end; kLost: the stream has failed
  // Of a record from `start`, whose value ends at `end`.
  End Behind(const char* start, const char* end, Rest rest);

  // Of a record that cannot be read: by `end`, where a matcher has found its end.
  End BehindFlawed(const char* end) const;
  JsonMatcher MakeMatcher() const;
  // Whether such a matcher can find the end of what begins at `start`.
  bool CanMatch(const char* start) const;

 private:
  End BehindLine(const char* start, const char* end, Rest rest);
  End BehindElement(const char* end, Rest rest);
  End BehindValue(const char* end, Rest rest);

  JsonScan& scan_;
  JsonFraming framing_ = JsonFraming::kLines;
};

}  // namespace tenantry::load
