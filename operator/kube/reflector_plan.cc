#include "operator/kube/reflector_plan.h"

#include <algorithm>
#include <cassert>
#include <iterator>
#include <string_view>

#include "common/net/http_client.h"

namespace tenantry::kube {
namespace {

// So many failed watches in a row that the resourceVersion itself may be what the server cannot
// serve (an etcd that was restored from a backup): then only a new list helps.
constexpr int kMaxFailedWatches = 5;

// A watch that stood for so long did its work, even if there was nothing to tell.
constexpr std::chrono::seconds kStood{10};

ReflectorStep ListStep(bool streaming_served) {
  return streaming_served ? ReflectorStep::kStreamingList : ReflectorStep::kPagedList;
}

// Reasons that have nothing to do with the kind of list; they stand in the way of a paged one, too.
constexpr std::string_view kReasonsToAskAgain[] = {
    "Unauthorized",       "Forbidden", "NotFound",      "Expired",   "TooManyRequests",
    "ServiceUnavailable", "Timeout",   "ServerTimeout", net::kSilent};

// Whether the server itself answered that it does not serve this. Its words for it differ: Invalid
// without the feature, InternalError with an etcd that is too old for it (3.4.23 of Debian 12).
bool IsRefused(const Error& error) {
  return !error.reason.empty() &&
         std::ranges::find(kReasonsToAskAgain, error.reason) == std::end(kReasonsToAskAgain);
}

// A server that does not know sendInitialEvents refuses it, or ignores it: then the watch ends, or
// has ordinary bookmarks, and the end of the initial state never comes.
bool StreamingIsNotServed(const ReflectorOutcome& outcome) {
  return outcome.plain_bookmark || outcome.ended.has_value() || IsRefused(outcome.ended.error());
}

std::string ReasonOf(const ReflectorOutcome& outcome) {
  if (outcome.ended) {
    return "Ended";
  }
  const Error& error = outcome.ended.error();
  return error.reason.empty() ? std::string(ToString(error.code)) : error.reason;
}

bool IsSilent(const ReflectorOutcome& outcome) {
  return !outcome.ended && outcome.ended.error().reason == net::kSilent;
}

ReflectorState AfterWatch(const ReflectorState& state, const ReflectorOutcome& outcome) {
  ReflectorState next = state;
  next.step = ReflectorStep::kWatch;
  next.reason = ReasonOf(outcome);
  // A watch that ended soon and brought nothing counts as failed even where it ended well: no tight
  // loops.
  const bool worked = outcome.progressed || outcome.lasted >= kStood || IsSilent(outcome);
  const int failures = worked ? 0 : state.failures + 1;
  if (outcome.ended || IsSilent(outcome)) {
    next.failures = failures;
    return next;
  }
  const bool resumable =
      outcome.ended.error().code == ErrorCode::kUnavailable && failures < kMaxFailedWatches;
  if (!resumable) {
    next.step = ListStep(state.streaming_served);
  }
  const bool expired = outcome.ended.error().reason == "Expired";
  next.failures = expired && worked ? 0 : std::max(failures, 1);
  return next;
}

ReflectorState AfterStreamingList(const ReflectorState& state, const ReflectorOutcome& outcome) {
  if (outcome.list_complete) {
    ReflectorState listed = state;
    listed.cache_will_do = false;
    listed.failures = 0;
    return AfterWatch(listed, outcome);
  }
  if (StreamingIsNotServed(outcome)) {
    return {.step = ReflectorStep::kPagedList,
            .streaming_served = false,
            .cache_will_do = state.cache_will_do,
            .failures = state.failures,
            .reason = "StreamingListNotServed"};
  }
  return {.step = ReflectorStep::kStreamingList,
          .cache_will_do = state.cache_will_do,
          .failures = state.failures + 1,
          .reason = ReasonOf(outcome)};
}

ReflectorState AfterPagedList(const ReflectorState& state, const ReflectorOutcome& outcome) {
  ReflectorState next = state;
  if (outcome.ended) {
    next.step = ReflectorStep::kWatch;
    next.cache_will_do = false;
    next.failures = 0;
    next.reason.clear();
    return next;
  }
  next.cache_will_do = state.cache_will_do && outcome.ended.error().code == ErrorCode::kUnavailable;
  next.failures = state.failures + 1;
  next.reason = ReasonOf(outcome);
  return next;
}

}  // namespace

ReflectorState NextReflectorState(const ReflectorState& state, const ReflectorOutcome& outcome) {
  switch (state.step) {
    case ReflectorStep::kStreamingList:
      return AfterStreamingList(state, outcome);
    case ReflectorStep::kPagedList:
      return AfterPagedList(state, outcome);
    case ReflectorStep::kWatch:
      return AfterWatch(state, outcome);
  }
  return state;
}

std::chrono::milliseconds ReflectorBackoff(int failures, double random) {
  assert(failures >= 1);
  constexpr double kFirst = 800;
  constexpr double kMost = 30'000;
  const double whole =
      std::min(kMost, kFirst * static_cast<double>(1 << std::min(failures - 1, 6)));
  return std::chrono::milliseconds(static_cast<long>(whole * (0.5 + 0.5 * random)));
}

}  // namespace tenantry::kube
