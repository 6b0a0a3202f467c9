#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "common/base/result.h"

// Structured logging to standard error, one line per outcome. Keys of CONVENTIONS: ts, level, msg,
// controller, controllerGroup, controllerKind, namespace, name, reconcileID, error. Thread-safe.
namespace tenantry::log {

enum class Level { kDebug, kInfo, kWarn, kError };
enum class Encoding { kJson, kConsole };

// One key and its value. No constructor takes a Secret.
struct Field {
  std::string_view key;
  std::variant<std::string, std::int64_t, double, bool> value;

  Field(std::string_view name, std::string text) : key(name), value(std::move(text)) {}
  Field(std::string_view name, std::string_view text) : key(name), value(std::string(text)) {}
  Field(std::string_view name, const char* text) : key(name), value(std::string(text)) {}
  Field(std::string_view name, double number) : key(name), value(number) {}
  Field(std::string_view name, bool flag) : key(name), value(flag) {}
  template <std::integral Integer>
  Field(std::string_view name, Integer number)
      : key(name), value(static_cast<std::int64_t>(number)) {}
};
using Fields = std::initializer_list<Field>;

// Called once by main before other threads exist. Until then: info, JSON.
void Configure(Level level, Encoding encoding);
Result<Level> ParseLevel(const std::string& text);        // debug | info | warn | error
Result<Encoding> ParseEncoding(const std::string& text);  // json | console

void Write(Level level, std::string_view message, Fields fields = {});
inline void Debug(std::string_view message, Fields fields = {}) {
  Write(Level::kDebug, message, fields);
}
inline void Info(std::string_view message, Fields fields = {}) {
  Write(Level::kInfo, message, fields);
}
inline void Warn(std::string_view message, Fields fields = {}) {
  Write(Level::kWarn, message, fields);
}
inline void Error(std::string_view message, Fields fields = {}) {
  Write(Level::kError, message, fields);
}

}  // namespace tenantry::log
