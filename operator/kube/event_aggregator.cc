#include "operator/kube/event_aggregator.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <vector>

namespace tenantry::kube {
namespace {

constexpr std::size_t kMaxObjectName = 253;
constexpr std::chrono::minutes kPruneInterval{1};

double Refilled(double tokens, std::chrono::steady_clock::duration passed) {
  const double more = std::chrono::duration<double>(passed) / EventAggregator::kRefill;
  return std::min<double>(EventAggregator::kBurst, tokens + more);
}

// Drops the half that was used least recently, if there are too many: one look at all of them pays
// for thousands of events.
template <class Map, class Time>
void DropOldest(Map& map, Time time_of) {
  if (map.size() < EventAggregator::kMaxRemembered) {
    return;
  }
  std::vector<MonotonicTime> times;
  for (const auto& [key, value] : map) {
    times.push_back(time_of(value));
  }
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::nth_element(times.begin(), middle, times.end());
  std::erase_if(map, [&](const auto& entry) { return time_of(entry.second) <= *middle; });
}

}  // namespace

EventAggregator::Decision EventAggregator::Decide(const EventIdentity& event, MonotonicTime now,
                                                  WallTime wall_now) {
  Prune(now);
  const auto known = series_.find(event);
  if (known != series_.end() && now - known->second.last <= kSeriesGap) {
    // Counted even when it is not written, so that the next one that is tells the truth.
    Series& series = known->second;
    ++series.count;
    series.last = now;
    const Action action = Spend(event, now) ? Action::kCount : Action::kDrop;
    return {.action = action, .event_name = series.event_name, .count = series.count};
  }
  if (!Spend(event, now)) {
    return {};
  }
  DropOldest(series_, [](const Series& series) { return series.last; });
  std::string name = NewName(event, wall_now);
  series_[event] = {.event_name = name, .count = 1, .last = now};
  return {.action = Action::kCreate, .event_name = std::move(name)};
}

void EventAggregator::Forget(const EventIdentity& event) { series_.erase(event); }

bool EventAggregator::Spend(const EventIdentity& event, MonotonicTime now) {
  if (!budgets_.contains(event.uid)) {
    DropOldest(budgets_, [](const Budget& budget) { return budget.at; });
  }
  Budget& budget = budgets_.try_emplace(event.uid, Budget{.at = now}).first->second;
  budget.tokens = Refilled(budget.tokens, now - budget.at);
  budget.at = now;
  if (budget.tokens < 1) {
    return false;
  }
  budget.tokens -= 1;
  return true;
}

void EventAggregator::Prune(MonotonicTime now) {
  if (now < next_prune_) {
    return;
  }
  next_prune_ = now + kPruneInterval;
  std::erase_if(series_, [&](const auto& entry) { return now - entry.second.last > kSeriesGap; });
  std::erase_if(budgets_, [&](const auto& entry) {
    return Refilled(entry.second.tokens, now - entry.second.at) >= kBurst;
  });
}

// "acme.17f3a2b4c5d6e7f8", as client-go names them; never twice the same.
std::string EventAggregator::NewName(const EventIdentity& event, WallTime wall_now) {
  const auto nanoseconds =
      std::chrono::duration_cast<std::chrono::nanoseconds>(wall_now.time_since_epoch()).count();
  last_name_ = std::max<std::int64_t>(nanoseconds, last_name_ + 1);
  char suffix[24];
  std::snprintf(suffix, sizeof suffix, ".%llx", static_cast<unsigned long long>(last_name_));
  return event.name.value().substr(0, kMaxObjectName - sizeof suffix) + suffix;
}

}  // namespace tenantry::kube
