#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

// Faults of HTTP calls and of streams of JSON lines, and who chooses them.
namespace tenantry::testing {

struct HttpFault {
  enum class Kind {
    kNone,
    kAnswer,     // `status` instead of forwarding
    kDelay,      // waits `time`, then forwards
    kCutBefore,  // the connection ends, the request is not forwarded
    kCutAfter,   // the request is done, its answer lost
    kTruncate,   // the connection ends after `bytes` of the answer's body
    kHalfClose,  // the client sees the end after `bytes` of the body; we keep reading
    kHang,       // no answer for `time`, then the connection ends; nothing is forwarded
    kStale,      // a GET gets the answer that the first one got
    // Of streams (watches): what happens to line number `line`, from 0.
    kDuplicate,  // it comes twice
    kSwap,       // it comes after the next one
    kDrop,       // it never comes
    kReplay,     // after it all lines from the first on come again
    kCutLine,    // the connection ends in its middle
    kSilent,     // it and all that follow never come, the connection stays
    kGone,       // instead of it: an ERROR event of code 410, then the end
  };
  Kind kind = Kind::kNone;
  int status = 0;
  std::chrono::seconds retry_after{0};  // 0: no such header
  std::string body = {};                // empty: as Kubernetes says it
  std::chrono::milliseconds time{0};
  std::size_t bytes = 0;
  std::size_t line = 0;
  bool reset = false;  // a connection ends by RST instead of FIN

  bool OfStream() const { return kind >= Kind::kDuplicate; }
  friend bool operator==(const HttpFault&, const HttpFault&) = default;
};

std::string ToString(const HttpFault& fault);
// What Kubernetes' API server says with an error.
std::string StatusBody(int code);

// One fault for calls that a test names.
struct FaultRule {
  std::string pattern;  // a regular expression that is found in "METHOD /path?query"
  HttpFault fault;
  int times = 1;
  int skip = 0;  // so many calls that fit go well before
};

// The route of a path: names and the query are replaced by "*", so that two runs have the same.
// "/apis/tenantry.dev/v1alpha1/namespaces/x/tenants/y/status?…" →
// "/apis/tenantry.dev/v1alpha1/namespaces/*/tenants/*/status".
std::string RouteOf(const std::string& target);

// Chooses faults from one number.
class FaultPlan {
 public:
  // One of so many calls goes wrong, and one of so many streams; 0: none.
  struct Rates {
    std::uint64_t calls = 0;
    std::uint64_t streams = 0;
  };
  FaultPlan(std::uint64_t seed, const Rates& rates) : seed_(seed), rates_(rates) {}

  // Of the n-th call of a method on a route. Pure. A request that writes may be done although its
  // answer is lost.
  HttpFault Decide(std::uint64_t n, const std::string& method, const std::string& route,
                   bool is_stream) const;

 private:
  std::uint64_t seed_;
  Rates rates_;
};

// TENANTRY_FAULT_SEED, or a new one.
std::uint64_t FaultSeed();

}  // namespace tenantry::testing
