#include "common/telemetry/log.h"

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <memory>

#include "common/base/strings.h"

namespace tenantry::log {
namespace {

// The one piece of process-wide state: set by main before other threads exist.
struct Sink {
  Sink() {
    logger->set_pattern("%v");
    logger->set_level(spdlog::level::trace);
    logger->flush_on(spdlog::level::trace);
  }

  Level level = Level::kInfo;
  Encoding encoding = Encoding::kJson;
  std::unique_ptr<spdlog::logger> logger = std::make_unique<spdlog::logger>(
      "tenantry", std::make_shared<spdlog::sinks::stderr_sink_mt>());
};

Sink& GetSink() {
  static Sink sink;
  return sink;
}

const char* ToString(Level level) {
  switch (level) {
    case Level::kDebug:
      return "debug";
    case Level::kInfo:
      return "info";
    case Level::kWarn:
      return "warn";
    case Level::kError:
      return "error";
  }
  return "error";
}

// RFC 3339 in UTC with milliseconds.
std::string Timestamp() {
  const auto now = std::chrono::system_clock::now();
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  const auto milliseconds =
      std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  std::array<char, 32> date{};
  const std::size_t length = std::strftime(date.data(), date.size(), "%Y-%m-%dT%H:%M:%S", &utc);
  std::array<char, 8> fraction{};
  std::snprintf(fraction.data(), fraction.size(), ".%03dZ", static_cast<int>(milliseconds));
  return std::string(date.data(), length) + fraction.data();
}

// Length of the UTF-8 sequence that starts `text`; 0 when it is not valid.
std::size_t SequenceLength(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  return length <= text.size() && IsValidUtf8(text.substr(0, length)) ? length : 0;
}

void AppendEscape(std::string& out, unsigned char control) {
  std::array<char, 8> escaped{};
  std::snprintf(escaped.data(), escaped.size(), "\\u%04x", static_cast<unsigned>(control));
  out += escaped.data();
}

// A JSON string. Bytes that are not UTF-8 become U+FFFD: a log line must always parse.
void AppendQuoted(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const char c = text.front();
    std::size_t length = 1;
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      AppendEscape(out, static_cast<unsigned char>(c));
    } else if (length = SequenceLength(text); length > 0) {
      out += text.substr(0, length);
    } else {
      out += "\xEF\xBF\xBD";
      length = 1;
    }
    text.remove_prefix(length);
  }
  out += '"';
}

std::string FormatDouble(double value) {
  if (!std::isfinite(value)) {
    return "null";
  }
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.10g", value);
  return text.data();
}

void AppendValue(std::string& out, const Field& field) {
  if (const auto* text = std::get_if<std::string>(&field.value)) {
    AppendQuoted(out, *text);
  } else if (const auto* integer = std::get_if<std::int64_t>(&field.value)) {
    out += std::to_string(*integer);
  } else if (const auto* number = std::get_if<double>(&field.value)) {
    out += FormatDouble(*number);
  } else {
    out += std::get<bool>(field.value) ? "true" : "false";
  }
}

std::string FormatJson(Level level, std::string_view message, Fields fields) {
  std::string line =
      "{\"ts\":\"" + Timestamp() + "\",\"level\":\"" + ToString(level) + "\",\"msg\":";
  AppendQuoted(line, message);
  for (const Field& field : fields) {
    line += ',';
    AppendQuoted(line, field.key);
    line += ':';
    AppendValue(line, field);
  }
  line += '}';
  return line;
}

std::string FormatConsole(Level level, std::string_view message, Fields fields) {
  constexpr std::size_t kMaxMessage = 16'384;
  std::string line = Timestamp() + '\t' + ToString(level) + '\t' + Shorten(message, kMaxMessage);
  for (const Field& field : fields) {
    line += '\t';
    line += field.key;
    line += '=';
    AppendValue(line, field);
  }
  return line;
}

}  // namespace

void Configure(Level level, Encoding encoding) {
  GetSink().level = level;
  GetSink().encoding = encoding;
}

Result<Level> ParseLevel(const std::string& text) {
  for (const Level level : {Level::kDebug, Level::kInfo, Level::kWarn, Level::kError}) {
    if (text == ToString(level)) {
      return level;
    }
  }
  return tenantry::Error{.code = ErrorCode::kInvalid,
                         .message = "\"" + Shorten(text) +
                                    "\" is not a log level; use one of debug, info, warn, error"};
}

Result<Encoding> ParseEncoding(const std::string& text) {
  if (text == "json") {
    return Encoding::kJson;
  }
  if (text == "console") {
    return Encoding::kConsole;
  }
  return tenantry::Error{
      .code = ErrorCode::kInvalid,
      .message = "\"" + Shorten(text) + "\" is not a log encoding; use one of json, console"};
}

void Write(Level level, std::string_view message, Fields fields) {
  Sink& sink = GetSink();
  if (level < sink.level) {
    return;
  }
  const std::string line = sink.encoding == Encoding::kJson ? FormatJson(level, message, fields)
                                                            : FormatConsole(level, message, fields);
  sink.logger->log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace tenantry::log
