#pragma once

#include <string>
#include <string_view>

#include "agent/load/record.h"
#include "agent/load/table.h"

// Values in COPY's text format. Pure.
namespace tenantry::load {

// Appends one value. Source: PostgreSQL manual, COPY, File Formats.
void AppendCopyText(std::string& line, std::string_view text);

// What the column's input function gets to read; `value` is not null.
std::string InputText(const Value& value, const TableColumn& column);

}  // namespace tenantry::load
