#include "agent/load/read/place.h"

#include "common/api/reasons.h"
#include "common/base/strings.h"

namespace tenantry::load {
namespace {

std::string ByteOf(const Origin& origin, const Place& place) {
  if (!place.byte) {
    return origin.source.empty() ? "" : " (" + origin.source + ")";
  }
  const std::string byte = "byte " + std::to_string(*place.byte);
  return origin.source.empty() ? " (" + byte + ")" : " (" + byte + " of " + origin.source + ")";
}

}  // namespace

std::string Describe(const Origin& origin, const Place& place) {
  const std::string record = std::to_string(place.record);
  std::string text;
  if (!place.column.empty()) {
    text = "Column " + Quoted(place.column) + " of dataset " + origin.dataset;
    text += place.record > 0 ? ", record " + record : "";
  } else if (place.record > 0) {
    text = "Record " + record + " of dataset " + origin.dataset;
  } else {
    text = "Dataset " + origin.dataset;
  }
  return text + ByteOf(origin, place);
}

Error DataError(const Origin& origin, const Place& place, std::string_view what) {
  return {.code = ErrorCode::kInvalid,
          .message = Describe(origin, place) + ": " + std::string(what),
          .reason = api::reason::kInvalidData};
}

std::string Quoted(std::string_view value) { return "\"" + Shorten(value) + "\""; }

}  // namespace tenantry::load
