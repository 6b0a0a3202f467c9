#include "operator/kube/reflector_plan.h"

#include <gtest/gtest.h>

namespace tenantry::kube {
namespace {

using Step = ReflectorStep;

const Error kUnavailable{ErrorCode::kUnavailable, "broken"};
const Error kSilence{ErrorCode::kUnavailable, "no answer in time", "Silent"};
const Error kExpired{ErrorCode::kConflict, "too old", "Expired"};
const Error kForbidden{ErrorCode::kInvalid, "no", "Forbidden"};
const Error kInvalidParameter{ErrorCode::kInvalid, "sendInitialEvents is forbidden", "Invalid"};
const Error kNoSuchKind{ErrorCode::kNotFound, "no such page", "NotFound"};

TEST(NextReflectorState, DecidesAfterEachOutcome) {
  struct Case {
    const char* name;
    ReflectorState state;
    ReflectorOutcome outcome;
    ReflectorState expected;
  };
  const ReflectorState watching{.step = Step::kWatch};
  const ReflectorState watching_paged{.step = Step::kWatch, .streaming_served = false};
  const ReflectorState paged{.step = Step::kPagedList, .streaming_served = false};
  const Case cases[] = {
      {"a streaming list that went on as a watch is resumed",
       {.failures = 3},
       {.ended = {}, .list_complete = true, .progressed = true},
       {.step = Step::kWatch, .cache_will_do = false, .reason = "Ended"}},
      {"a streaming list whose watch broke is resumed",
       {.failures = 3},
       {.ended = kUnavailable, .list_complete = true},
       {.step = Step::kWatch, .cache_will_do = false, .failures = 1, .reason = "Unavailable"}},
      {"a refused streaming list becomes a paged one for good",
       {},
       {.ended = kInvalidParameter},
       {.step = Step::kPagedList, .streaming_served = false, .reason = "StreamingListNotServed"}},
      {"so does one that an old etcd cannot serve",
       {},
       {.ended =
            Error{ErrorCode::kUnavailable, "RequestWatchProgress is disabled", "InternalError"}},
       {.step = Step::kPagedList, .streaming_served = false, .reason = "StreamingListNotServed"}},
      {"so does one that ended without its end mark",
       {},
       {.ended = {}},
       {.step = Step::kPagedList, .streaming_served = false, .reason = "StreamingListNotServed"}},
      {"so does one with an ordinary bookmark",
       {},
       {.ended = {}, .plain_bookmark = true},
       {.step = Step::kPagedList, .streaming_served = false, .reason = "StreamingListNotServed"}},
      {"missing rights are no reason for another kind of list",
       {.failures = 1},
       {.ended = kForbidden},
       {.step = Step::kStreamingList, .failures = 2, .reason = "Forbidden"}},
      {"nor is a kind that does not exist yet",
       {},
       {.ended = kNoSuchKind},
       {.step = Step::kStreamingList, .failures = 1, .reason = "NotFound"}},
      {"nor a broken connection",
       {},
       {.ended = kUnavailable},
       {.step = Step::kStreamingList, .failures = 1, .reason = "Unavailable"}},
      {"a complete paged list is followed by a watch",
       {.step = Step::kPagedList, .streaming_served = false, .failures = 2, .reason = "x"},
       {.ended = {}},
       {.step = Step::kWatch, .streaming_served = false, .cache_will_do = false}},
      {"a paged list that could not be had from the cache yet is tried there again",
       paged,
       {.ended = kUnavailable},
       {.step = Step::kPagedList,
        .streaming_served = false,
        .failures = 1,
        .reason = "Unavailable"}},
      {"a paged list that expired in the middle begins again, and not from the cache",
       paged,
       {.ended = kExpired},
       {.step = Step::kPagedList,
        .streaming_served = false,
        .cache_will_do = false,
        .failures = 1,
        .reason = "Expired"}},
      {"a watch that the server ended is resumed at once",
       watching,
       {.ended = {}, .progressed = true},
       {.step = Step::kWatch, .reason = "Ended"}},
      {"unless it brought nothing",
       watching,
       {.ended = {}},
       {.step = Step::kWatch, .failures = 1, .reason = "Ended"}},
      {"or brought nothing because there was nothing to tell for a while",
       {.step = Step::kWatch, .failures = 3},
       {.ended = {}, .lasted = std::chrono::seconds(10)},
       {.step = Step::kWatch, .reason = "Ended"}},
      {"a watch that only fell silent is resumed at once, however often",
       {.step = Step::kWatch, .failures = 4},
       {.ended = kSilence},
       {.step = Step::kWatch, .reason = "Silent"}},
      {"so is a streaming list that went on as a watch",
       {},
       {.ended = kSilence, .list_complete = true},
       {.step = Step::kWatch, .cache_will_do = false, .reason = "Silent"}},
      {"a streaming list that fell silent in the middle failed",
       {},
       {.ended = kSilence},
       {.step = Step::kStreamingList, .failures = 1, .reason = "Silent"}},
      {"a broken watch is resumed",
       watching,
       {.ended = kUnavailable, .progressed = true},
       {.step = Step::kWatch, .failures = 1, .reason = "Unavailable"}},
      {"an expired watch that worked lists at once",
       watching,
       {.ended = kExpired, .progressed = true},
       {.step = Step::kStreamingList, .reason = "Expired"}},
      {"an expired watch that never worked waits first",
       watching_paged,
       {.ended = kExpired},
       {.step = Step::kPagedList, .streaming_served = false, .failures = 1, .reason = "Expired"}},
      {"a watch that fails again and again lists anew",
       {.step = Step::kWatch, .failures = 4},
       {.ended = kUnavailable},
       {.step = Step::kStreamingList, .failures = 5, .reason = "Unavailable"}},
      {"a watch that is refused lists anew",
       watching,
       {.ended = kForbidden},
       {.step = Step::kStreamingList, .failures = 1, .reason = "Forbidden"}},
  };
  for (const Case& test : cases) {
    EXPECT_EQ(NextReflectorState(test.state, test.outcome), test.expected) << test.name;
  }
}

TEST(ReflectorBackoff, DoublesUpToThirtySeconds) {
  using std::chrono::milliseconds;
  EXPECT_EQ(ReflectorBackoff(1, 0), milliseconds(400));
  EXPECT_EQ(ReflectorBackoff(1, 1), milliseconds(800));
  EXPECT_EQ(ReflectorBackoff(2, 1), milliseconds(1'600));
  EXPECT_EQ(ReflectorBackoff(6, 1), milliseconds(25'600));
  EXPECT_EQ(ReflectorBackoff(7, 1), milliseconds(30'000));
  EXPECT_EQ(ReflectorBackoff(1'000'000, 1), milliseconds(30'000));
}

}  // namespace
}  // namespace tenantry::kube
