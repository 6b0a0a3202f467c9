#pragma once

#include <chrono>
#include <concepts>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "common/api/enum_names.h"
#include "common/base/clock.h"
#include "common/base/error.h"
#include "common/base/packed_text.h"
#include "common/base/secret.h"
#include "common/base/shared_text.h"
#include "common/base/strings.h"
#include "common/base/strong_id.h"

// Reads typed fields of a JSON object and remembers the first thing that is wrong, with its path.
//
// Each type's fields are listed once, in a function that reads with a JsonReader and writes with a
// JsonWriter:
//   void Fields(auto& visit, Of<RedisEndpoint> auto& redis) {
//     visit.Required("host", redis.host);
//     visit.Optional("port", redis.port);
//     visit.Required("adminSecretRef.name", redis.admin_secret);   // a field of a nested object
//   }
// `null` counts as absent. An absent optional field leaves the member at its C++ default.
namespace tenantry::api {

// `Of<T> auto&` takes a T or a const T: the same list serves reading and writing.
template <class T, class U>
concept Of = std::same_as<std::remove_const_t<T>, U>;

// How to treat what a newer peer may have sent, and which reasons errors carry.
struct ReadRules {
  enum class UnknownFields { kIgnore, kRefuse };
  UnknownFields unknown_fields = UnknownFields::kIgnore;
  std::string invalid_reason;  // of a wrong type, a missing field
  std::string unknown_reason;  // of an unknown field or enum value
  int max_json_depth = 64;     // of a Json() field
};

class JsonReader {
 public:
  // What all readers of one document share.
  struct State {
    ReadRules rules;
    std::optional<Error> error;
  };

  // `object` is where this reader's fields are, `path` how messages name it (empty: the document).
  JsonReader(const nlohmann::json& object, std::string path, State& state);

  template <class T>
  void Required(const char* name, T& member) {
    if (const nlohmann::json* value = Find(name)) {
      Read(*value, PathOf(name), member);
    } else {
      Fail(PathOf(name), "is required");
    }
  }

  template <class T>
  void Optional(const char* name, T& member) {
    if (const nlohmann::json* value = Find(name)) {
      Read(*value, PathOf(name), member);
    }
  }

  // A number of which 0 means "unknown".
  template <class T>
  void NonZero(const char* name, T& member) {
    Optional(name, member);
  }

  // A whole number or text, kept as text.
  void IntOrString(const char* name, std::string& member);
  // Text that may hold any bytes: as a string, or base64 in a field of that name + "Base64".
  void Bytes(const char* name, std::string& member);
  void Bytes(const char* name, std::optional<std::string>& member);
  // Any JSON object, kept as text.
  void Json(const char* name, std::string& member);
  void Json(const char* name, PackedText& member);
  // A label selector with matchLabels; an empty one selects everything.
  void Selector(const char* name, std::map<std::string, std::string>& member);
  void Selector(const char* name, std::optional<std::map<std::string, std::string>>& member);

  // A rule about a field ("": about the whole object) that has been read.
  void Check(const char* name, bool holds, const char* problem);

  // To be called after the last field: refuses what no call asked for, where the rules say so.
  void Finish();

 private:
  const nlohmann::json* Find(const std::string& name);
  std::string PathOf(std::string_view name) const;
  void Fail(const std::string& path, const std::string& problem);
  void FailUnknown(const std::string& path, const std::string& problem);
  void RefuseUnknown(const nlohmann::json& object, const std::string& prefix);

  void Read(const nlohmann::json& value, const std::string& path, std::string& member);
  void Read(const nlohmann::json& value, const std::string& path, SharedText& member);
  void Read(const nlohmann::json& value, const std::string& path, bool& member);
  void Read(const nlohmann::json& value, const std::string& path, int& member);
  void Read(const nlohmann::json& value, const std::string& path, std::int64_t& member);
  void Read(const nlohmann::json& value, const std::string& path, Secret& member);
  void Read(const nlohmann::json& value, const std::string& path, Error& member);
  void Read(const nlohmann::json& value, const std::string& path, WallTime& member);
  void Read(const nlohmann::json& value, const std::string& path, std::chrono::seconds& member);

  template <class Tag>
  void Read(const nlohmann::json& value, const std::string& path, StrongId<Tag>& member) {
    std::string text;
    Read(value, path, text);
    member = StrongId<Tag>(std::move(text));
  }

  template <class T>
  void Read(const nlohmann::json& value, const std::string& path, std::optional<T>& member) {
    Read(value, path, member.emplace());
  }

  template <class T>
  void Read(const nlohmann::json& value, const std::string& path, std::vector<T>& member) {
    if (!value.is_array()) {
      return Fail(path, "must be a list");
    }
    member.clear();
    member.reserve(value.size());
    for (std::size_t i = 0; i < value.size(); ++i) {
      Read(value[i], path + "[" + std::to_string(i) + "]", member.emplace_back());
    }
  }

  template <class T>
  void Read(const nlohmann::json& value, const std::string& path,
            std::map<std::string, T>& member) {
    if (!value.is_object()) {
      return Fail(path, "must be an object");
    }
    member.clear();
    for (const auto& [key, item] : value.items()) {
      Read(item, path + "." + Shorten(key), member[key]);
    }
  }

  template <class E>
  requires std::is_enum_v<E>
  void Read(const nlohmann::json& value, const std::string& path, E& member) {
    std::string text;
    Read(value, path, text);
    std::string known;
    for (const EnumName<E>& entry : NamesOf(member)) {
      if (text == entry.name) {
        member = entry.value;
        return;
      }
      known += known.empty() ? "" : ", ";
      known += entry.name;
    }
    FailUnknownValue(path, text, known);
  }

  template <class T>
  requires std::is_class_v<T>
  void Read(const nlohmann::json& value, const std::string& path, T& member) {
    JsonReader fields(value, path, state_);
    Fields(fields, member);
    fields.Finish();
  }

  void FailUnknownValue(const std::string& path, const std::string& value,
                        const std::string& known);

  const nlohmann::json& object_;
  const std::string path_;
  State& state_;
  std::set<std::string> asked_;  // names that a call asked for, as written there
};

}  // namespace tenantry::api
