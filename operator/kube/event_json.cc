#include "operator/kube/event_json.h"

#include "common/base/strings.h"

namespace tenantry::kube {
namespace {

constexpr std::size_t kMaxNote = 1024;
// What Shorten may add to its limit: the rest of a character or an escape, and the ellipsis.
constexpr std::size_t kCutSlack = 8;

}  // namespace

Json MakeEvent(const PendingEvent& event, const std::string& event_name,
               const std::string& instance) {
  const EventIdentity& about = event.identity;
  return {{"apiVersion", "events.k8s.io/v1"},
          {"kind", "Event"},
          {"metadata", {{"namespace", about.ns.value()}, {"name", event_name}}},
          {"eventTime", FormatMicroTime(event.time)},
          {"type", about.type == EventType::kNormal ? "Normal" : "Warning"},
          {"reason", about.reason},
          {"note", about.note},
          {"action", event.action},
          {"reportingController", "tenantry.dev/operator"},
          {"reportingInstance", instance},
          {"regarding",
           {{"apiVersion", about.type_meta.api_version},
            {"kind", about.type_meta.kind},
            {"namespace", about.ns.value()},
            {"name", about.name.value()},
            {"uid", about.uid.value()},
            {"resourceVersion", event.resource_version}}}};
}

Json MakeSeriesPatch(int count, WallTime last) {
  return Json::array(
      {{{"op", "add"},
        {"path", "/series"},
        {"value", {{"count", count}, {"lastObservedTime", FormatMicroTime(last)}}}}});
}

std::string CutNote(const std::string& message) {
  return message.size() <= kMaxNote && IsValidUtf8(message)
             ? message
             : Shorten(message, kMaxNote - kCutSlack);
}

}  // namespace tenantry::kube
