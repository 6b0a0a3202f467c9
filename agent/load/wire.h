#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "agent/load/read/batch.h"
#include "agent/load/read/values.h"
#include "agent/load/table.h"

// One value of a row as COPY takes it. Pure.
// Source: PostgreSQL manual, COPY, File Formats; the types' recv functions (src/backend/utils/adt).
namespace tenantry::load {

// How a type looks in COPY's binary format; kOther: only the server can make the value from text.
enum class Wire : std::uint8_t {
  kInt2,
  kInt4,
  kInt8,
  kFloat4,
  kFloat8,
  kNumeric,
  kBoolean,
  kDate,
  kTimestamp,
  kTimestampTz,
  kTime,
  kUuid,
  kText,
  kJson,
  kJsonb,
  kOther,
};

// By the name that format_type gives, as "numeric(10,2)".
Wire WireOf(std::string_view storage_type);
// "an integer", "a date": what a text of that type is called.
std::string_view NounOf(Wire wire, std::string_view storage_type);

enum class CopyFormat { kText, kBinary };

// Bytes that every COPY of that format begins and ends with.
std::string_view CopyHeader(CopyFormat format);
std::string_view CopyTrailer(CopyFormat format);

void AppendInt16(std::string& out, std::int16_t value);
void AppendInt32(std::string& out, std::int32_t value);

// An empty value is NULL unless the type is a text.
bool IsNull(const Field& field, Wire wire, const TableColumn& column);
void AppendNull(CopyFormat format, std::string& out);

// Appends one value that is not NULL. kBinary: with its length before it, and `wire` is not kOther.
// kText: escaped, without the tab. False, and nothing appended: the value is none of that type.
bool AppendValue(const Field& field, Wire wire, const TableColumn& column, DateOrder order,
                 CopyFormat format, std::string& out);

}  // namespace tenantry::load
