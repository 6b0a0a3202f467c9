#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/load/record.h"

namespace tenantry::load {

// Appends `text` (valid UTF-8) as a JSON string.
void AppendJsonString(std::string& json, std::string_view text);

// The value as JSON. Untyped text becomes a string.
std::string ToJson(const Value& value);
// The record as a JSON object; `columns` are the reader's.
std::string ToJson(const Record& record, const std::vector<std::string>& columns);

enum class ArrayElements { kPlain, kJson };

// A JSON array (as in Value::Kind::kNested) as PostgreSQL writes arrays: `["a",null,[1]]` →
// `{"a",NULL,{1}}`. Elements that are objects become quoted JSON; with kJson each element does.
// Source: PostgreSQL manual, 8.15.2 Array Value Input.
std::string ToArrayLiteral(std::string_view json_array, ArrayElements elements);

}  // namespace tenantry::load
