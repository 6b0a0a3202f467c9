#pragma once

#include <string>

#include "operator/kube/event_aggregator.h"

// The JSON of events.k8s.io/v1 Events. Pure.
namespace tenantry::kube {

struct PendingEvent {
  EventIdentity identity;
  std::string action;            // what was being done with the object
  std::string resource_version;  // of the object, when it happened
  WallTime time;
};

Json MakeEvent(const PendingEvent& event, const std::string& event_name,
               const std::string& instance);
// JSON patch that counts a repetition; `count` ≥ 2.
Json MakeSeriesPatch(int count, WallTime last);
// At most the 1024 bytes that the API takes.
std::string CutNote(const std::string& message);

}  // namespace tenantry::kube
