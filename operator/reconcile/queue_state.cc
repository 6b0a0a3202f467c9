#include "operator/reconcile/queue_state.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace tenantry::reconcile {
QueueState::Outcome QueueState::Add(const WorkKey& key, Priority priority, MonotonicTime now) {
  Node& node = *entries_.try_emplace(key).first;
  Entry& entry = node.second;
  DropDelay(entry);
  if (!entry.waiting) {
    entry.waiting = Waiting{.priority = priority, .since = now, .place = std::nullopt};
    ++DepthOf(key.kind, priority);
    if (!entry.working) {
      Enqueue(node);
    }
    return Outcome::kAdded;
  }
  if (entry.waiting->priority <= priority) {
    return Outcome::kAbsorbed;
  }
  --DepthOf(key.kind, entry.waiting->priority);
  ++DepthOf(key.kind, priority);
  if (entry.waiting->place) {
    LineOf(entry.waiting->priority).erase(*entry.waiting->place);
  }
  entry.waiting->priority = priority;
  if (entry.waiting->place) {
    Enqueue(node);
  }
  return Outcome::kRaised;
}

void QueueState::AddAt(const WorkKey& key, MonotonicTime ready_at, Priority priority) {
  Node& node = *entries_.try_emplace(key).first;
  Entry& entry = node.second;
  if (entry.waiting) {
    return;
  }
  if (entry.delayed) {
    priority = std::min(priority, entry.delayed->priority);  // the higher one
    ready_at = std::min(ready_at, entry.delayed->place->first);
    DropDelay(entry);
  }
  entry.delayed = Delayed{.priority = priority, .place = delays_.emplace(ready_at, &node)};
}

std::vector<QueueState::Promoted> QueueState::Promote(MonotonicTime now) {
  std::vector<Promoted> promoted;
  while (!delays_.empty() && delays_.begin()->first <= now) {
    const Node& node = *delays_.begin()->second;
    const Priority priority = node.second.delayed->priority;
    const Outcome outcome = Add(node.first, priority, now);
    promoted.push_back({.key = node.first, .priority = priority, .outcome = outcome});
  }
  return promoted;
}

std::optional<MonotonicTime> QueueState::NextPromotion() const {
  if (delays_.empty()) {
    return std::nullopt;
  }
  return delays_.begin()->first;
}

std::optional<QueueState::Taken> QueueState::Take(MonotonicTime now) {
  const auto line = std::find_if(lines_.begin(), lines_.end(),
                                 [](const Line& candidate) { return !candidate.empty(); });
  if (line == lines_.end()) {
    return std::nullopt;
  }
  Node& node = *line->front();
  line->pop_front();
  const Waiting waiting = *std::exchange(node.second.waiting, std::nullopt);
  --DepthOf(node.first.kind, waiting.priority);
  node.second.working = Working{.priority = waiting.priority, .since = now};
  working_.push_back(&node);
  return Taken{.key = node.first, .priority = waiting.priority, .waited = now - waiting.since};
}

std::optional<QueueState::Duration> QueueState::Done(const WorkKey& key, MonotonicTime now) {
  const auto found = entries_.find(key);
  if (found == entries_.end() || !found->second.working) {
    return std::nullopt;
  }
  Entry& entry = found->second;
  const Duration worked = now - entry.working->since;
  entry.working.reset();
  std::erase(working_, &*found);
  if (entry.waiting) {
    Enqueue(*found);
  }
  EraseIfUnused(key);
  return worked;
}

Priority QueueState::TakenPriority(const WorkKey& key) const {
  const auto found = entries_.find(key);
  if (found == entries_.end() || !found->second.working) {
    return Priority::kLow;
  }
  return found->second.working->priority;
}

int QueueState::CountFailure(const WorkKey& key) {
  // The delay has long reached its cap by then; further counting would only overflow one day.
  constexpr int kMost = 1000;
  int& failures = entries_[key].failures;
  failures = std::min(failures + 1, kMost);
  return failures;
}

void QueueState::Forget(const WorkKey& key) {
  const auto found = entries_.find(key);
  if (found != entries_.end()) {
    found->second.failures = 0;
    EraseIfUnused(key);
  }
}

std::size_t QueueState::Depth(api::Kind kind, Priority priority) const {
  const auto found = depths_.find({kind, priority});
  return found == depths_.end() ? 0 : found->second;
}

QueueState::Unfinished QueueState::UnfinishedWork(api::Kind kind, MonotonicTime now) const {
  Unfinished unfinished;
  for (const Node* node : working_) {
    if (node->first.kind == kind) {
      const Duration worked = now - node->second.working->since;
      unfinished.total += worked;
      unfinished.longest = std::max(unfinished.longest, worked);
    }
  }
  return unfinished;
}

void QueueState::Enqueue(Node& node) {
  assert(node.second.waiting);
  Line& line = LineOf(node.second.waiting->priority);
  node.second.waiting->place = line.insert(line.end(), &node);
}

void QueueState::DropDelay(Entry& entry) {
  if (entry.delayed) {
    delays_.erase(entry.delayed->place);
    entry.delayed.reset();
  }
}

void QueueState::EraseIfUnused(const WorkKey& key) {
  const auto found = entries_.find(key);
  const Entry& entry = found->second;
  if (!entry.waiting && !entry.delayed && !entry.working && entry.failures == 0) {
    entries_.erase(found);
  }
}

std::size_t& QueueState::DepthOf(api::Kind kind, Priority priority) {
  return depths_[{kind, priority}];
}

}  // namespace tenantry::reconcile
