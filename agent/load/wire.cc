#include "agent/load/wire.h"

#include <array>
#include <bit>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <limits>
#include <utility>

#include "agent/load/copy_text.h"
#include "agent/load/record_stream.h"

namespace tenantry::load {
namespace {

struct TypeName {
  std::string_view start;  // of format_type's text
  Wire wire;
  std::string_view noun;
};
// "timestamp" and "time" need their ends, too; see WireOf.
constexpr TypeName kTypes[] = {
    {"smallint", Wire::kInt2, "an integer"},
    {"integer", Wire::kInt4, "an integer"},
    {"bigint", Wire::kInt8, "an integer"},
    {"real", Wire::kFloat4, "a number"},
    {"double precision", Wire::kFloat8, "a number"},
    {"numeric", Wire::kNumeric, "a number"},
    {"boolean", Wire::kBoolean, "a boolean"},
    {"date", Wire::kDate, "a date"},
    {"uuid", Wire::kUuid, "a UUID"},
    {"text", Wire::kText, "a text"},
    {"character varying", Wire::kText, "a text"},
    {"character", Wire::kText, "a text"},
    {"name", Wire::kText, "a text"},
    {"jsonb", Wire::kJsonb, "JSON"},
    {"json", Wire::kJson, "JSON"},
};

template <class Integer>
Integer BigEndian(Integer value) {
  static_assert(std::endian::native == std::endian::little);
  if constexpr (sizeof value == 2) {
    return static_cast<Integer>(__builtin_bswap16(static_cast<std::uint16_t>(value)));
  } else if constexpr (sizeof value == 4) {
    return static_cast<Integer>(__builtin_bswap32(static_cast<std::uint32_t>(value)));
  } else {
    return static_cast<Integer>(__builtin_bswap64(static_cast<std::uint64_t>(value)));
  }
}

template <class Integer>
void AppendBigEndian(std::string& out, Integer value) {
  const Integer bytes = BigEndian(value);
  std::array<char, sizeof bytes> text;
  std::memcpy(text.data(), &bytes, sizeof bytes);
  out.append(text.data(), text.size());
}

// Length and value of a type with a fixed size, in one append.
template <class Integer>
bool AppendFixed(std::string& out, Integer value) {
  const std::int32_t length = BigEndian(static_cast<std::int32_t>(sizeof value));
  const Integer bytes = BigEndian(value);
  std::array<char, sizeof length + sizeof bytes> text;
  std::memcpy(text.data(), &length, sizeof length);
  std::memcpy(text.data() + sizeof length, &bytes, sizeof bytes);
  out.append(text.data(), text.size());
  return true;
}

template <class Integer>
bool AppendInteger(std::string_view text, std::string& out) {
  const std::optional<std::int64_t> value = ParseInteger(text);
  if (!value || *value < std::numeric_limits<Integer>::min() ||
      *value > std::numeric_limits<Integer>::max()) {
    return false;
  }
  return AppendFixed(out, static_cast<Integer>(*value));
}

template <class Value>
bool AppendParsed(const std::optional<Value>& value, std::string& out) {
  return value && AppendFixed(out, *value);
}

bool AppendFloat4(std::string_view text, std::string& out) {
  const std::optional<float> value = ParseFloat(text);
  return value && AppendFixed(out, std::bit_cast<std::int32_t>(*value));
}

bool AppendFloat8(std::string_view text, std::string& out) {
  const std::optional<double> value = ParseDouble(text);
  return value && AppendFixed(out, std::bit_cast<std::int64_t>(*value));
}

bool AppendNumericField(std::string_view text, std::string& out) {
  const std::size_t start = out.size();
  AppendInt32(out, 0);
  if (!AppendNumeric(text, out)) {
    out.resize(start);
    return false;
  }
  const std::int32_t length = BigEndian(static_cast<std::int32_t>(out.size() - start - 4));
  std::memcpy(out.data() + start, &length, sizeof length);
  return true;
}

bool AppendBytes(std::string_view bytes, std::string& out) {
  AppendInt32(out, static_cast<std::int32_t>(bytes.size()));
  out.append(bytes);
  return true;
}

bool AppendBoolean(std::string_view text, std::string& out) {
  const std::optional<bool> value = ParseBoolean(text);
  return value && AppendBytes(*value ? std::string_view("\1", 1) : std::string_view("\0", 1), out);
}

bool AppendUuid(std::string_view text, std::string& out) {
  const auto uuid = ParseUuid(text);
  if (!uuid) {
    return false;
  }
  AppendInt32(out, 16);
  for (const std::uint8_t byte : *uuid) {
    out.push_back(static_cast<char>(byte));
  }
  return true;
}

bool AppendJson(const Field& field, Wire wire, const TableColumn& column, std::string& out) {
  constexpr char kJsonbVersion = 1;
  const std::size_t start = out.size();
  AppendInt32(out, 0);
  if (wire == Wire::kJsonb) {
    out.push_back(kJsonbVersion);
  }
  if (field.kind == FieldKind::kString) {
    out += InputText({.kind = Value::Kind::kString, .text = std::string(field.text())}, column);
  } else {
    out.append(field.text());
  }
  const std::int32_t length = BigEndian(static_cast<std::int32_t>(out.size() - start - 4));
  std::memcpy(out.data() + start, &length, sizeof length);
  return true;
}

// What stands before a zone; the text itself when there is none.
std::string_view WithoutZone(std::string_view text) {
  constexpr std::size_t kDate = 10;  // of "2026-01-02": its hyphens are no zones
  const std::size_t end = text.find_last_not_of(" ZzUTCGMutcgm");
  const std::size_t sign = text.find_last_of("+-");
  const bool has_offset = sign != std::string_view::npos && sign > kDate;
  return has_offset ? text.substr(0, sign)
                    : text.substr(0, end == std::string_view::npos ? 0 : end + 1);
}

// PostgreSQL takes a zone for a timestamp without one, and does not heed it.
std::optional<std::int64_t> ParseLocalTimestamp(std::string_view text, DateOrder order) {
  const std::optional<std::int64_t> value = ParseTimestamp(text, order);
  return value || !ParseTimestampTz(text, order) ? value : ParseTimestamp(WithoutZone(text), order);
}

bool AppendBinary(const Field& field, Wire wire, const TableColumn& column, DateOrder order,
                  std::string& out) {
  const std::string_view text = field.text();
  switch (wire) {
    case Wire::kInt2:
      return AppendInteger<std::int16_t>(text, out);
    case Wire::kInt4:
      return AppendInteger<std::int32_t>(text, out);
    case Wire::kInt8:
      return AppendInteger<std::int64_t>(text, out);
    case Wire::kFloat4:
      return AppendFloat4(text, out);
    case Wire::kFloat8:
      return AppendFloat8(text, out);
    case Wire::kNumeric:
      return AppendNumericField(text, out);
    case Wire::kBoolean:
      return AppendBoolean(text, out);
    case Wire::kDate:
      return AppendParsed(ParseDate(text, order), out);
    case Wire::kTimestamp:
      return AppendParsed(ParseLocalTimestamp(text, order), out);
    case Wire::kTimestampTz:
      return AppendParsed(ParseTimestampTz(text, order), out);
    case Wire::kTime:
      return AppendParsed(ParseTime(text), out);
    case Wire::kUuid:
      return AppendUuid(text, out);
    case Wire::kText:
      return AppendBytes(text, out);
    case Wire::kJson:
    case Wire::kJsonb:
      return AppendJson(field, wire, column, out);
    case Wire::kOther:
      break;
  }
  return false;
}

// Microseconds since 2000-01-01 in ISO 8601, as the server reads it.
std::string FormatTimestamp(std::int64_t micros) {
  using std::chrono::days;
  if (micros == std::numeric_limits<std::int64_t>::max()) {
    return "infinity";
  }
  if (micros == std::numeric_limits<std::int64_t>::min()) {
    return "-infinity";
  }
  const std::chrono::microseconds moment(micros);
  const auto day = std::chrono::floor<days>(moment);
  const std::chrono::hh_mm_ss time(moment - day);
  const std::chrono::year_month_day date(std::chrono::sys_days(std::chrono::year(2000) / 1 / 1) +
                                         day);
  const int year = static_cast<int>(date.year());
  std::array<char, 64> text;
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02u %02d:%02d:%02d.%06d%s",
                year > 0 ? year : 1 - year, static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()), static_cast<int>(time.hours().count()),
                static_cast<int>(time.minutes().count()), static_cast<int>(time.seconds().count()),
                static_cast<int>(time.subseconds().count()), year > 0 ? "" : " BC");
  return text.data();
}

// Dates are written anew, so that the server reads them in the order that the column has.
bool AppendDateText(std::string_view text, Wire wire, DateOrder order, std::string& out) {
  if (order == DateOrder::kYearMonthDay) {
    AppendCopyText(out, text);
    return true;
  }
  constexpr std::int64_t kDay = 86'400'000'000;
  const bool is_date = wire == Wire::kDate;
  const std::optional<std::int32_t> day = is_date ? ParseDate(text, order) : std::nullopt;
  const std::optional<std::int64_t> moment = is_date ? std::nullopt
                                             : wire == Wire::kTimestamp
                                                 ? ParseTimestamp(text, order)
                                                 : ParseTimestampTz(text, order);
  if (!day && !moment) {
    return false;
  }
  // "infinity" is a day, too, that no multiplication survives.
  const bool endless = day && (*day == std::numeric_limits<std::int32_t>::max() ||
                               *day == std::numeric_limits<std::int32_t>::min());
  AppendCopyText(out, endless ? std::string(text) : FormatTimestamp(day ? *day * kDay : *moment));
  return true;
}

bool AppendText(const Field& field, Wire wire, const TableColumn& column, DateOrder order,
                std::string& out) {
  if (wire == Wire::kDate || wire == Wire::kTimestamp || wire == Wire::kTimestampTz) {
    return AppendDateText(field.text(), wire, order, out);
  }
  if (field.kind == FieldKind::kUntyped || wire == Wire::kText) {
    AppendCopyText(out, field.text());
    return true;
  }
  AppendCopyText(
      out, InputText({.kind = KindOf(field.kind), .text = std::string(field.text())}, column));
  return true;
}

// Numbers and the like are looked at here in both formats: the server would end the whole COPY.
bool Fits(std::string_view text, Wire wire) {
  std::string unused;
  switch (wire) {
    case Wire::kInt2:
      return AppendInteger<std::int16_t>(text, unused);
    case Wire::kInt4:
      return AppendInteger<std::int32_t>(text, unused);
    case Wire::kInt8:
      return AppendInteger<std::int64_t>(text, unused);
    case Wire::kFloat4:
      return AppendFloat4(text, unused);
    case Wire::kFloat8:
      return AppendFloat8(text, unused);
    case Wire::kNumeric:
      return AppendNumeric(text, unused);
    case Wire::kBoolean:
      return ParseBoolean(text).has_value();
    case Wire::kUuid:
      return ParseUuid(text).has_value();
    default:
      return true;
  }
}

}  // namespace

Wire WireOf(std::string_view storage_type) {
  const auto begins = [&](std::string_view start) { return storage_type.starts_with(start); };
  if (storage_type.ends_with("]")) {
    return Wire::kOther;
  }
  if (begins("timestamp")) {
    return storage_type.ends_with("with time zone") ? Wire::kTimestampTz : Wire::kTimestamp;
  }
  if (begins("time ") || begins("time(")) {
    return storage_type.ends_with("without time zone") ? Wire::kTime : Wire::kOther;
  }
  for (const TypeName& type : kTypes) {
    const bool whole = storage_type.size() == type.start.size() ||
                       (begins(type.start) && storage_type[type.start.size()] == '(');
    if (whole && begins(type.start)) {
      return type.wire;
    }
  }
  return Wire::kOther;
}

std::string_view NounOf(Wire wire, std::string_view storage_type) {
  if (wire == Wire::kTimestamp || wire == Wire::kTimestampTz) {
    return "a date and time";
  }
  if (wire == Wire::kTime) {
    return "a time of day";
  }
  for (const TypeName& type : kTypes) {
    if (type.wire == wire) {
      return type.noun;
    }
  }
  return storage_type;
}

std::string_view CopyHeader(CopyFormat format) {
  constexpr std::string_view kSignature("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19);
  return format == CopyFormat::kBinary ? kSignature : std::string_view();
}

std::string_view CopyTrailer(CopyFormat format) {
  return format == CopyFormat::kBinary ? std::string_view("\377\377", 2) : std::string_view();
}

void AppendInt16(std::string& out, std::int16_t value) { AppendBigEndian(out, value); }
void AppendInt32(std::string& out, std::int32_t value) { AppendBigEndian(out, value); }

bool IsNull(const Field& field, Wire wire, const TableColumn& column) {
  if (field.kind == FieldKind::kAbsent || field.kind == FieldKind::kNull) {
    return true;
  }
  const bool keeps_empty = wire == Wire::kText || (wire == Wire::kOther &&
                                                   column.type_class == TableColumn::Class::kPlain);
  return field.size == 0 && field.kind == FieldKind::kUntyped && !keeps_empty;
}

void AppendNull(CopyFormat format, std::string& out) {
  if (format == CopyFormat::kBinary) {
    AppendInt32(out, -1);
  } else {
    out += "\\N";
  }
}

bool AppendValue(const Field& field, Wire wire, const TableColumn& column, DateOrder order,
                 CopyFormat format, std::string& out) {
  if (format == CopyFormat::kBinary) {
    return AppendBinary(field, wire, column, order, out);
  }
  return Fits(field.text(), wire) && AppendText(field, wire, column, order, out);
}

}  // namespace tenantry::load
