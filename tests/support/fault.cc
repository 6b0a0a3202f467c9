#include "tests/support/fault.h"

#include <array>
#include <cstdlib>
#include <random>
#include <string_view>

namespace tenantry::testing {
namespace {

using Kind = HttpFault::Kind;

// splitmix64: each bit of the result depends on each bit of the argument.
std::uint64_t Mix(std::uint64_t value) {
  value += 0x9e3779b97f4a7c15ULL;
  value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  value = (value ^ (value >> 27U)) * 0x94d049bb133111ebULL;
  return value ^ (value >> 31U);
}

std::uint64_t Hash(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;  // FNV-1a: the same everywhere
  for (const char c : text) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  }
  return hash;
}

HttpFault CallFault(std::uint64_t chance) {
  static const std::vector<HttpFault> kFaults = {
      {.kind = Kind::kAnswer, .status = 401},
      {.kind = Kind::kAnswer, .status = 403},
      {.kind = Kind::kAnswer, .status = 409},
      {.kind = Kind::kAnswer, .status = 429, .retry_after = std::chrono::seconds(1)},
      {.kind = Kind::kAnswer, .status = 500},
      {.kind = Kind::kAnswer, .status = 503},
      {.kind = Kind::kDelay, .time = std::chrono::milliseconds(200)},
      {.kind = Kind::kCutBefore},
      {.kind = Kind::kCutBefore, .reset = true},
      {.kind = Kind::kCutAfter},
      {.kind = Kind::kCutAfter, .reset = true},
      {.kind = Kind::kTruncate, .bytes = 20},
      {.kind = Kind::kHalfClose, .bytes = 20},
      {.kind = Kind::kHang, .time = std::chrono::seconds(2)},
  };
  return kFaults[chance % kFaults.size()];
}

HttpFault StreamFault(std::uint64_t chance) {
  constexpr std::array kKinds = {Kind::kDuplicate, Kind::kReplay, Kind::kCutLine, Kind::kGone};
  HttpFault fault{.kind = kKinds[chance % kKinds.size()]};
  fault.line = (chance / kKinds.size()) % 8;
  return fault;
}

std::string_view ReasonOf(int code) {
  switch (code) {
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "NotFound";
    case 409:
      return "Conflict";
    case 410:
      return "Expired";
    case 429:
      return "TooManyRequests";
    case 503:
      return "ServiceUnavailable";
    default:
      return "InternalError";
  }
}

std::string_view NameOf(Kind kind) {
  constexpr std::array<std::string_view, 16> kNames = {
      "none",  "answer",    "delay", "cut before", "cut after", "truncate", "half-close", "hang",
      "stale", "duplicate", "swap",  "drop",       "replay",    "cut line", "silent",     "gone"};
  return kNames.at(static_cast<std::size_t>(kind));
}

std::vector<std::string> Segments(const std::string& path) {
  std::vector<std::string> segments;
  for (std::size_t at = 1; at <= path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    segments.push_back(path.substr(at, end - at));
    at = end + 1;
  }
  return segments;
}

// Where names and resources begin to alternate: after "apis/<group>/<version>", "api/<version>",
// and "v1" of the agents.
std::size_t NamesBegin(const std::vector<std::string>& segments) {
  if (segments.empty()) {
    return 0;
  }
  return segments[0] == "apis" ? 3 : segments[0] == "api" ? 2 : 1;
}

}  // namespace

std::string ToString(const HttpFault& fault) {
  std::string text(NameOf(fault.kind));
  if (fault.kind == Kind::kAnswer) {
    text += " " + std::to_string(fault.status);
  }
  if (fault.OfStream()) {
    text += " at line " + std::to_string(fault.line);
  }
  return fault.reset ? text + " by reset" : text;
}

std::string StatusBody(int code) {
  return R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":)"
         R"("a fault of the test","reason":")" +
         std::string(ReasonOf(code)) + R"(","code":)" + std::to_string(code) + "}";
}

std::string RouteOf(const std::string& target) {
  const std::vector<std::string> segments = Segments(target.substr(0, target.find('?')));
  const std::size_t begin = NamesBegin(segments);
  std::string route;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    route += "/" + (i > begin && (i - begin) % 2 == 1 ? "*" : segments[i]);
  }
  return route;
}

HttpFault FaultPlan::Decide(std::uint64_t n, const std::string& method, const std::string& route,
                            bool is_stream) const {
  const std::uint64_t chance = Mix(seed_ ^ Mix(n ^ Mix(Hash(method + " " + route))));
  const std::uint64_t rate = is_stream ? rates_.streams : rates_.calls;
  if (rate == 0 || chance % rate != 0) {
    return {};
  }
  return is_stream ? StreamFault(Mix(chance)) : CallFault(Mix(chance));
}

std::uint64_t FaultSeed() {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing sets it
  const char* given = std::getenv("TENANTRY_FAULT_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device()();
}

}  // namespace tenantry::testing
