#include "agent/load/map/mapping.h"

#include <algorithm>
#include <set>
#include <utility>

#include "agent/load/map/mapping_fields.h"
#include "agent/load/map/step.h"
#include "agent/load/map/text_template.h"
#include "agent/load/read/plain_name.h"
#include "common/api/json_text.h"
#include "common/api/reasons.h"
#include "common/base/sha256.h"
#include "common/base/strings.h"

namespace tenantry::load {
namespace {

constexpr std::size_t kFingerprintDigits = 16;

bool HoldsNul(const nlohmann::json& value) {
  if (value.is_string()) {
    return value.get_ref<const std::string&>().find('\0') != std::string::npos;
  }
  for (const auto& [key, item] : value.items()) {
    if (value.is_structured() && (key.find('\0') != std::string::npos || HoldsNul(item))) {
      return true;
    }
  }
  return false;
}

std::string Nth(const std::string& path, const char* list, std::size_t index) {
  return path + "." + list + "[" + std::to_string(index) + "]";
}

Result<MappingText> ReadFields(const nlohmann::json& json, const std::string& path) {
  api::JsonReader::State state = {
      .rules = {.unknown_fields = api::ReadRules::UnknownFields::kRefuse,
                .invalid_reason = api::reason::kInvalidSpec,
                .unknown_reason = api::reason::kInvalidSpec}};
  MappingText text;
  api::JsonReader reader(json, path, state);
  Fields(reader, text);
  reader.Finish();
  if (state.error) {
    return *std::move(state.error);
  }
  return text;
}

// Gives every column its path and origin, and makes columns of `rename`.
Mapping Complete(MappingText text, const std::string& path) {
  Mapping mapping = std::move(text.mapping);
  for (std::size_t i = 0; i < mapping.columns.size(); ++i) {
    MappedColumn& column = mapping.columns[i];
    column.path = Nth(path, "columns", i);
    if (column.from.empty() && !column.text_template && !column.constant) {
      column.from = column.name;
    }
  }
  for (std::size_t i = 0; i < mapping.splits.size(); ++i) {
    mapping.splits[i].path = Nth(path, "split", i);
  }
  for (auto& [from, to] : text.rename) {
    MappedColumn& column = mapping.columns.emplace_back();
    column.name = to;
    column.from = from;
    column.path = path + ".rename." + Shorten(from);
  }
  return mapping;
}

Result<void> CheckNames(const Mapping& mapping) {
  std::set<std::string> made;
  for (const MappedColumn& column : mapping.columns) {
    if (column.name.empty() || !made.insert(column.name).second) {
      return MappingError(column.path, column.name.empty()
                                           ? "must not be empty"
                                           : "\"" + Shorten(column.name) + "\" is made twice");
    }
  }
  std::set<std::string> parts;
  for (const SplitColumn& split : mapping.splits) {
    for (const std::string& part : split.into) {
      if (part.empty() || !parts.insert(part).second) {
        return MappingError(split.path + ".into", part.empty()
                                                      ? "must not name an empty column"
                                                      : "\"" + Shorten(part) + "\" is made twice");
      }
    }
  }
  return {};
}

// Compiles everything once, for its errors.
Result<void> CheckColumns(const Mapping& mapping) {
  const KeyAccess keys = {.references = KeysOf(mapping)};
  for (const MappedColumn& column : mapping.columns) {
    if (column.text_template) {
      TRY(ParseTemplate(*column.text_template, column.path));
    }
    for (std::size_t i = 0; i < column.steps.size(); ++i) {
      const std::string path = Nth(column.path, "steps", i);
      if (WordsOf(column.steps[i]) == 0) {
        return MappingError(path, kOneWord);
      }
      TRY(MakeStep(column.steps[i], path, keys));
    }
  }
  return {};
}

bool Same(std::string_view name, std::string_view column) {
  return name == column || PlainName(name) == PlainName(column);
}

}  // namespace

Error MappingError(const std::string& path, const std::string& what) {
  return {.code = ErrorCode::kInvalid,
          .message = path + ": " + what,
          .reason = api::reason::kInvalidSpec};
}

Result<Mapping> ParseMapping(std::string_view json, const std::string& path) {
  const Result<nlohmann::json> document = api::ParseJson(json);
  if (!document) {
    return MappingError(path, document.error().message);
  }
  if (HoldsNul(*document)) {
    return MappingError(path, "holds a NUL character, which PostgreSQL cannot store");
  }
  Mapping mapping = Complete(TRY(ReadFields(*document, path)), path);
  TRY(CheckNames(mapping));
  TRY(CheckColumns(mapping));
  mapping.fingerprint = Sha256Hex(api::DumpJson(*document)).substr(0, kFingerprintDigits);
  return mapping;
}

bool Names(const Mapping& mapping, std::string_view column) {
  const auto same = [&](std::string_view name) { return Same(name, column); };
  return std::any_of(mapping.columns.begin(), mapping.columns.end(),
                     [&](const MappedColumn& made) { return same(made.from); }) ||
         std::any_of(mapping.splits.begin(), mapping.splits.end(),
                     [&](const SplitColumn& split) { return same(split.from); }) ||
         std::any_of(mapping.drop.begin(), mapping.drop.end(), same) ||
         std::any_of(mapping.columns.begin(), mapping.columns.end(), [&](const MappedColumn& made) {
           return made.text_template && TakesColumn(*made.text_template, column);
         });
}

std::vector<KeyReference> KeysOf(const Mapping& mapping) {
  std::vector<KeyReference> references;
  for (const MappedColumn& column : mapping.columns) {
    for (std::size_t i = 0; i < column.steps.size(); ++i) {
      const std::optional<KeyStep>& key = column.steps[i].key;
      const bool known =
          !key || std::any_of(references.begin(), references.end(),
                              [&](const KeyReference& other) { return other.SameAs(*key); });
      if (!known) {
        references.push_back({.table = key->table,
                              .match = key->match,
                              .take = key->take,
                              .path = Nth(column.path, "steps", i) + ".key"});
      }
    }
  }
  return references;
}

}  // namespace tenantry::load
