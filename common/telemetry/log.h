#pragma once

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

  Field(std::string_view key, std::string value) : key(key), value(std::move(value)) {}
  Field(std::string_view key, std::string_view value) : key(key), value(std::string(value)) {}
  Field(std::string_view key, const char* value) : key(key), value(std::string(value)) {}
  Field(std::string_view key, std::int64_t value) : key(key), value(value) {}
  Field(std::string_view key, int value) : key(key), value(std::int64_t{value}) {}
  Field(std::string_view key, double value) : key(key), value(value) {}
  Field(std::string_view key, bool value) : key(key), value(value) {}
};
using Fields = std::initializer_list<Field>;

// Called once by main before other threads exist. Until then: info, JSON.
void Configure(Level level, Encoding encoding);
Result<Level> ParseLevel(const std::string& text);        // debug | info | warn | error
Result<Encoding> ParseEncoding(const std::string& text);  // json | console

void Write(Level level, std::string_view message, Fields fields = {});
inline void Debug(std::string_view message, Fields fields = {}) { Write(Level::kDebug, message, fields); }
inline void Info(std::string_view message, Fields fields = {}) { Write(Level::kInfo, message, fields); }
inline void Warn(std::string_view message, Fields fields = {}) { Write(Level::kWarn, message, fields); }
inline void Error(std::string_view message, Fields fields = {}) { Write(Level::kError, message, fields); }

}  // namespace tenantry::log
