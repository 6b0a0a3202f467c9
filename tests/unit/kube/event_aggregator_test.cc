#include "operator/kube/event_aggregator.h"

#include <gtest/gtest.h>

#include "common/base/strings.h"
#include "operator/kube/event_json.h"

namespace tenantry::kube {
namespace {

using Action = EventAggregator::Action;
using std::chrono::minutes;
using std::chrono::seconds;

const MonotonicTime kStart{std::chrono::hours(1)};
const WallTime kWall{seconds(1'800'000'000)};

EventIdentity Event(const std::string& note, const std::string& uid = "1") {
  return {.type_meta = {"tenantry.dev/v1alpha1", "Tenant"},
          .ns = api::Namespace("platform"),
          .name = api::Name("acme"),
          .uid = api::Uid(uid),
          .reason = "Progressing",
          .note = note};
}

TEST(EventAggregator, CreatesThenCountsRepetitions) {
  EventAggregator events;
  const auto first = events.Decide(Event("a"), kStart, kWall);
  const auto second = events.Decide(Event("a"), kStart + minutes(5), kWall);
  const auto third = events.Decide(Event("a"), kStart + minutes(10), kWall);

  EXPECT_EQ(first.action, Action::kCreate);
  EXPECT_EQ(second.action, Action::kCount);
  EXPECT_EQ(second.count, 2);
  EXPECT_EQ(third.count, 3);
  EXPECT_EQ(third.event_name, first.event_name);
}

TEST(EventAggregator, BeginsAnewAfterSixMinutesOfSilence) {
  EventAggregator events;
  const auto first = events.Decide(Event("a"), kStart, kWall);
  const auto later = events.Decide(Event("a"), kStart + minutes(6) + seconds(1), kWall);

  EXPECT_EQ(later.action, Action::kCreate);
  EXPECT_NE(later.event_name, first.event_name);
}

TEST(EventAggregator, TellsDifferentEventsApart) {
  EventAggregator events;
  const auto first = events.Decide(Event("a"), kStart, kWall);
  const auto second = events.Decide(Event("b"), kStart, kWall);
  EventIdentity warning = Event("a");
  warning.type = EventType::kWarning;

  EXPECT_EQ(second.action, Action::kCreate);
  EXPECT_NE(second.event_name, first.event_name);
  EXPECT_EQ(events.Decide(warning, kStart, kWall).action, Action::kCreate);
}

TEST(EventAggregator, DropsAfterTwentyFiveAtOnceAndLetsOneThroughEachFiveMinutes) {
  EventAggregator events;
  for (int i = 0; i < EventAggregator::kBurst; ++i) {
    ASSERT_NE(events.Decide(Event(std::to_string(i)), kStart, kWall).action, Action::kDrop) << i;
  }
  EXPECT_EQ(events.Decide(Event("x"), kStart, kWall).action, Action::kDrop);
  EXPECT_EQ(events.Decide(Event("x", "2"), kStart, kWall).action, Action::kCreate);
  EXPECT_EQ(events.Decide(Event("x"), kStart + minutes(5), kWall).action, Action::kCreate);
  EXPECT_EQ(events.Decide(Event("y"), kStart + minutes(5), kWall).action, Action::kDrop);
}

TEST(EventAggregator, CountsRepetitionsThatItDropped) {
  EventAggregator events;
  for (int i = 0; i < EventAggregator::kBurst; ++i) {
    static_cast<void>(events.Decide(Event("a"), kStart, kWall));
  }
  EXPECT_EQ(events.Decide(Event("a"), kStart + minutes(1), kWall).action, Action::kDrop);
  const auto later = events.Decide(Event("a"), kStart + minutes(6), kWall);
  EXPECT_EQ(later.action, Action::kCount);
  EXPECT_EQ(later.count, EventAggregator::kBurst + 2);
}

TEST(EventAggregator, CreatesAgainWhatItWasToldToForget) {
  EventAggregator events;
  static_cast<void>(events.Decide(Event("a"), kStart, kWall));
  events.Forget(Event("a"));
  EXPECT_EQ(events.Decide(Event("a"), kStart, kWall).action, Action::kCreate);
}

TEST(EventAggregator, StaysBoundedAndForgetsTheOldest) {
  EventAggregator events;
  const int many = static_cast<int>(EventAggregator::kMaxRemembered) + 1;
  for (int i = 0; i < many; ++i) {
    static_cast<void>(
        events.Decide(Event("a", std::to_string(i)), kStart + std::chrono::milliseconds(i), kWall));
  }
  const auto now = kStart + std::chrono::milliseconds(many);
  EXPECT_EQ(events.Decide(Event("a", std::to_string(many - 2)), now, kWall).action, Action::kCount);
  EXPECT_EQ(events.Decide(Event("a", "0"), now, kWall).action, Action::kCreate);
}

TEST(MakeEvent, HoldsWhatTheApiRequires) {
  const Json event = MakeEvent(
      {.identity = Event("note"), .action = "Reconcile", .resource_version = "7", .time = kWall},
      "acme.1", "operator-0");
  EXPECT_EQ(event["metadata"]["name"], "acme.1");
  EXPECT_EQ(event["eventTime"], FormatMicroTime(kWall));
  EXPECT_EQ(event["reportingController"], "tenantry.dev/operator");
  EXPECT_EQ(event["reportingInstance"], "operator-0");
  EXPECT_EQ(event["type"], "Normal");
  EXPECT_EQ(event["action"], "Reconcile");
  EXPECT_EQ(event["regarding"]["apiVersion"], "tenantry.dev/v1alpha1");
  EXPECT_EQ(event["regarding"]["kind"], "Tenant");
  EXPECT_EQ(event["regarding"]["uid"], "1");
}

TEST(CutNote, KeepsWhatFitsAndCutsTheRestAtACharacter) {
  EXPECT_EQ(CutNote("short"), "short");
  std::string umlauts;
  for (int i = 0; i < 1000; ++i) {
    umlauts += "ü";
  }
  const std::string cut = CutNote(umlauts);
  EXPECT_LE(cut.size(), 1024U);
  EXPECT_GT(cut.size(), 1000U);
  EXPECT_TRUE(IsValidUtf8(cut));
  EXPECT_TRUE(IsValidUtf8(CutNote(std::string("\xff\xfe", 2))));
}

}  // namespace
}  // namespace tenantry::kube
