#pragma once

#include <chrono>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "common/api/enum_names.h"
#include "common/base/clock.h"
#include "common/base/error.h"
#include "common/base/secret.h"
#include "common/base/shared_text.h"
#include "common/base/strong_id.h"

// The other direction of JsonReader: writes what a type's Fields() lists.
namespace tenantry::api {

template <class T>
nlohmann::json ToJson(const T& value);

class JsonWriter {
 public:
  explicit JsonWriter(nlohmann::json& object) : object_(object) {
    object_ = nlohmann::json::object();
  }

  template <class T>
  void Required(const char* name, const T& member) {
    At(name) = ToJson(member);
  }

  // Left out when empty; numbers, booleans and enums are always written.
  template <class T>
  void Optional(const char* name, const T& member) {
    if (!IsEmpty(member)) {
      At(name) = ToJson(member);
    }
  }

  template <class T>
  void NonZero(const char* name, const T& member) {
    if (member != 0) {
      At(name) = ToJson(member);
    }
  }

  void IntOrString(const char* name, const std::string& member) { Optional(name, member); }
  void Bytes(const char* name, const std::string& member);
  void Bytes(const char* name, const std::optional<std::string>& member);
  void Json(const char* name, const std::string& member);
  void Json(const char* name, const PackedText& member) { Json(name, member.str()); }
  void Selector(const char* name, const std::map<std::string, std::string>& member);
  void Selector(const char* name, const std::optional<std::map<std::string, std::string>>& member);
  void Check(const char* /*name*/, bool /*holds*/, const char* /*problem*/) {}

 private:
  nlohmann::json& At(const std::string& name);

  template <class T>
  static bool IsEmpty(const T& member) {
    if constexpr (requires { member.has_value(); }) {
      return !member.has_value();
    } else if constexpr (requires { member.empty(); }) {
      return member.empty();
    } else if constexpr (std::is_class_v<T>) {
      return member == T{};
    } else {
      return false;
    }
  }

  nlohmann::json& object_;
};

nlohmann::json ErrorToJson(const Error& error);
std::string FormatSeconds(std::chrono::seconds duration);  // "90s"

namespace internal {

template <class T>
inline constexpr bool kIsStrongId = false;
template <class Tag>
inline constexpr bool kIsStrongId<StrongId<Tag>> = true;
template <class T>
inline constexpr bool kIsOptional = false;
template <class T>
inline constexpr bool kIsOptional<std::optional<T>> = true;
template <class T>
inline constexpr bool kIsVector = false;
template <class T>
inline constexpr bool kIsVector<std::vector<T>> = true;
template <class T>
inline constexpr bool kIsMap = false;
template <class T>
inline constexpr bool kIsMap<std::map<std::string, T>> = true;

}  // namespace internal

template <class T>
nlohmann::json ToJson(const T& value) {
  if constexpr (std::is_same_v<T, std::string> || std::is_arithmetic_v<T>) {
    return value;
  } else if constexpr (std::is_enum_v<T>) {
    return NameOf(value);
  } else if constexpr (std::is_same_v<T, SharedText>) {
    return value.str();
  } else if constexpr (std::is_same_v<T, Secret>) {
    return value.reveal();
  } else if constexpr (std::is_same_v<T, Error>) {
    return ErrorToJson(value);
  } else if constexpr (std::is_same_v<T, WallTime>) {
    return FormatMicroTime(value);
  } else if constexpr (std::is_same_v<T, std::chrono::seconds>) {
    return FormatSeconds(value);
  } else if constexpr (internal::kIsStrongId<T>) {
    return value.value();
  } else if constexpr (internal::kIsOptional<T>) {
    return value ? ToJson(*value) : nlohmann::json();
  } else if constexpr (internal::kIsVector<T>) {
    nlohmann::json list = nlohmann::json::array();
    for (const auto& item : value) {
      list.push_back(ToJson(item));
    }
    return list;
  } else if constexpr (internal::kIsMap<T>) {
    nlohmann::json object = nlohmann::json::object();
    for (const auto& [key, item] : value) {
      object[key] = ToJson(item);
    }
    return object;
  } else {
    nlohmann::json object;
    JsonWriter fields(object);
    Fields(fields, value);
    return object;
  }
}

}  // namespace tenantry::api
