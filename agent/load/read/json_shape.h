#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/load/read/json_record.h"
#include "common/api/fixture_set.h"

// Where the records of a JSON text are. Pure.
namespace tenantry::load {

enum class JsonFraming {
  kLines,     // one a line
  kSequence,  // one after the other; also a single one
  kArray,     // the elements of an array
  kOne,       // a value inside of a document
};

struct JsonShape {
  JsonFraming framing = JsonFraming::kSequence;
  JsonRecordKind kind = JsonRecordKind::kObject;
  bool several = false;                      // of kSequence: there is more than one
  std::optional<std::string> envelope = {};  // the member of the top object that holds the records
};

// Decides by a text's beginning, which is followed by kJsonPadding zeros; `whole`: it is all of it.
JsonShape FindJsonShape(std::string_view sample, bool whole, api::Format format);

// The kind of an array's elements, by the text behind its "[".
JsonRecordKind FindElementKind(std::string_view sample);

// "array", "lines of values", "one object at /data/user". `pointer`: RFC 6901.
std::string Describe(const JsonShape& shape, const std::string& pointer);

// RFC 6901: "/data/a~1b" is {"data", "a/b"}; nullopt: it does not begin with "/", or "~" is
// followed by something else than 0 or 1.
std::optional<std::vector<std::string>> ParseJsonPointer(std::string_view pointer);
std::string ToJsonPointer(const std::vector<std::string>& path);

}  // namespace tenantry::load
