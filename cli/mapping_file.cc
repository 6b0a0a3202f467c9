#include "cli/mapping_file.h"

#include <yaml-cpp/yaml.h>

#include <charconv>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include "cli/files.h"
#include "common/api/json_text.h"

namespace tenantry::cli {
namespace {

using Json = nlohmann::json;

constexpr int kMostNodes = 200'000;  // aliases can repeat what they name many times
constexpr int kDeepest = 32;

class Converter {
 public:
  Result<Json> Convert(const YAML::Node& node, int depth) {
    if (++nodes_ > kMostNodes || depth > kDeepest) {
      return Error{ErrorCode::kInvalid, "the document is too large or nests too deeply."};
    }
    if (node.IsMap()) {
      return ConvertMap(node, depth);
    }
    if (node.IsSequence()) {
      Json list = Json::array();
      for (const YAML::Node& item : node) {
        list.push_back(TRY(Convert(item, depth + 1)));
      }
      return list;
    }
    return node.IsScalar() ? Scalar(node) : Json();
  }

 private:
  Result<Json> ConvertMap(const YAML::Node& node, int depth) {
    Json object = Json::object();
    for (const auto& entry : node) {
      if (!entry.first.IsScalar()) {
        return Error{ErrorCode::kInvalid, "line " + std::to_string(entry.first.Mark().line + 1) +
                                              ": a name must be a single value."};
      }
      const std::string name = entry.first.Scalar();
      if (object.contains(name)) {
        return Error{ErrorCode::kInvalid, "line " + std::to_string(entry.first.Mark().line + 1) +
                                              ": \"" + name + "\" is there twice."};
      }
      object[name] = TRY(Convert(entry.second, depth + 1));
    }
    return object;
  }

  static Json Scalar(const YAML::Node& node) {
    const std::string& text = node.Scalar();
    const bool is_plain = node.Tag() == "?";
    if (!is_plain) {
      return text;
    }
    if (text == "true" || text == "false") {
      return text == "true";
    }
    std::int64_t number = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool is_number = failed == std::errc() && end == text.data() + text.size();
    return is_number ? Json(number) : Json(text);
  }

  int nodes_ = 0;
};

}  // namespace

Result<std::string> YamlToJson(std::string_view yaml) {
  try {
    const YAML::Node document = YAML::Load(std::string(yaml));
    return api::DumpJson(TRY(Converter().Convert(document, 0)));
  } catch (const YAML::Exception& error) {
    return Error{ErrorCode::kInvalid,
                 "line " + std::to_string(error.mark.line + 1) + " is no YAML: " + error.msg + "."};
  }
}

Result<std::shared_ptr<const load::Mapping>> ReadMappingFile(const std::string& path) {
  if (path.empty()) {
    return std::shared_ptr<const load::Mapping>();
  }
  const Result<std::string> content = ReadSmallFile(path);
  if (!content) {
    return Error{ErrorCode::kInvalid, "--mapping: " + content.error().message};
  }
  const Result<std::string> json = YamlToJson(*content);
  if (!json) {
    return Error{ErrorCode::kInvalid, path + ": " + json.error().message};
  }
  Result<load::Mapping> mapping = load::ParseMapping(*json, "mapping");
  if (!mapping) {
    return WithContext(std::move(mapping).error(), path);
  }
  return std::make_shared<const load::Mapping>(*std::move(mapping));
}

}  // namespace tenantry::cli
