#include "agent/load/redis_record.h"

#include <algorithm>
#include <map>

#include "agent/load/json_text.h"
#include "common/api/reasons.h"

namespace tenantry::load {
namespace {

Error TemplateError(const Origin& origin, const std::string& text, const std::string& why) {
  return {.code = ErrorCode::kInvalid,
          .message = "Key template " + Quoted(text) + " of dataset " + origin.dataset + ": " + why +
                     ". Write columns as {name}.",
          .reason = api::reason::kInvalidSpec};
}

const Value* Find(const Record& record, const std::vector<std::string>& names,
                  const std::string& name) {
  for (const Cell& cell : record.cells) {
    if (names[cell.column] == name) {
      return &cell.value;
    }
  }
  return nullptr;
}

bool SameFields(const RedisItem& item, const std::vector<redis::Reply>& elements) {
  if (elements.size() != item.fields.size() * 2) {
    return false;
  }
  std::map<std::string_view, std::string_view> stored;
  for (std::size_t i = 0; i < elements.size(); i += 2) {
    stored[elements[i].text] = elements[i + 1].text;
  }
  return std::all_of(item.fields.begin(), item.fields.end(), [&](const auto& field) {
    const auto found = stored.find(field.first);
    return found != stored.end() && found->second == field.second;
  });
}

}  // namespace

Result<KeyTemplate> KeyTemplate::Parse(const std::string& text, const Origin& origin) {
  KeyTemplate parsed;
  if (text.empty()) {
    return TemplateError(origin, text, "it is empty");
  }
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t open = std::min(text.find('{', at), text.size());
    if (open > at) {
      parsed.parts_.push_back({.text = text.substr(at, open - at), .is_column = false});
    }
    if (open == text.size()) {
      break;
    }
    const std::size_t close = text.find('}', open);
    if (close == std::string::npos || close == open + 1) {
      return TemplateError(
          origin, text,
          close == std::string::npos ? "a brace is not closed" : "a pair of braces is empty");
    }
    parsed.parts_.push_back({.text = text.substr(open + 1, close - open - 1), .is_column = true});
    at = close + 1;
  }
  return parsed;
}

Result<std::string> KeyTemplate::Fill(const Record& record, const std::vector<std::string>& names,
                                      const Origin& origin) const {
  std::string key;
  for (const Part& part : parts_) {
    if (!part.is_column) {
      key += part.text;
      continue;
    }
    const Value* value = Find(record, names, part.text);
    Place place = {.record = record.number, .byte = record.byte, .column = part.text};
    if (value == nullptr) {
      return DataError(origin, place, "the column is missing, and the Redis key needs it. Add it.");
    }
    place.byte = value->byte;
    if (value->text.empty() || value->kind == Value::Kind::kNested) {
      return DataError(origin, place,
                       "the Redis key needs a text or a number here. Correct the row.");
    }
    key += value->text;
  }
  return key;
}

std::size_t RedisItem::size() const {
  std::size_t size = key.size() + json.size();
  for (const auto& [name, text] : fields) {
    size += name.size() + text.size();
  }
  return size;
}

Result<RedisItem> MakeItem(const Record& record, const std::vector<std::string>& names,
                           std::string key, api::RedisType type, const Origin& origin) {
  RedisItem item = {.record = record.number,
                    .byte = record.byte,
                    .key = std::move(key),
                    .type = type,
                    .json = {},
                    .fields = {}};
  if (type == api::RedisType::kString) {
    item.json = ToJson(record, names);
    return item;
  }
  for (const Cell& cell : record.cells) {
    if (cell.value.kind != Value::Kind::kNull) {
      item.fields.emplace_back(names[cell.column], cell.value.text);
    }
  }
  if (item.fields.empty()) {
    return DataError(origin, {.record = record.number, .byte = record.byte, .column = ""},
                     "all its values are NULL, and a Redis hash needs one. Give it a value, or use "
                     "type: String.");
  }
  return item;
}

Command AskCommand(const RedisItem& item) {
  return {item.type == api::RedisType::kString ? "GET" : "HGETALL", item.key};
}

KeyState CompareReply(const RedisItem& item, const redis::Reply& reply) {
  using Type = redis::Reply::Type;
  const bool absent = item.type == api::RedisType::kString
                          ? reply.type == Type::kNil
                          : reply.type == Type::kArray && reply.elements.empty();
  if (absent) {
    return KeyState::kAbsent;
  }
  // An error reply: the key holds another type.
  const bool same = item.type == api::RedisType::kString
                        ? reply.type == Type::kString && reply.text == item.json
                        : reply.type == Type::kArray && SameFields(item, reply.elements);
  return same ? KeyState::kSame : KeyState::kDifferent;
}

std::vector<Command> WriteCommands(const RedisItem& item, std::optional<std::chrono::seconds> ttl) {
  if (item.type == api::RedisType::kString) {
    Command set = {"SET", item.key, item.json};
    if (ttl) {
      set.insert(set.end(), {"EX", std::to_string(ttl->count())});
    }
    return {std::move(set)};
  }
  Command hset = {"HSET", item.key};
  for (const auto& [name, text] : item.fields) {
    hset.push_back(name);
    hset.push_back(text);
  }
  std::vector<Command> commands = {{"DEL", item.key}, std::move(hset)};
  if (ttl) {
    commands.push_back(ExpiryCommand(item, ttl));
  }
  return commands;
}

Command ExpiryCommand(const RedisItem& item, std::optional<std::chrono::seconds> ttl) {
  return ttl ? Command{"EXPIRE", item.key, std::to_string(ttl->count())}
             : Command{"PERSIST", item.key};
}

}  // namespace tenantry::load
