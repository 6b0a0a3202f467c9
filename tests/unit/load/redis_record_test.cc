#include "agent/load/redis_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/api/reasons.h"
#include "tests/unit/load/reading.h"

namespace tenantry::load {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

const Origin kOrigin = {.dataset = "users", .source = "f"};

std::string FillKey(const std::string& key_template, const std::string& object) {
  const Result<KeyTemplate> parsed = KeyTemplate::Parse(key_template, kOrigin);
  if (!parsed) {
    return parsed.error().message;
  }
  const Reading reading = ReadAll(object);
  const Result<std::string> key = parsed->Fill(reading.records.at(0), reading.columns, kOrigin);
  return key ? *key : key.error().message;
}

RedisItem ItemOf(const std::string& object, api::RedisType type) {
  const Reading reading = ReadAll(object);
  return *MakeItem(reading.records.at(0), reading.columns, "acme:u:1", type, kOrigin);
}

redis::Reply Text(const std::string& text) {
  return {.type = redis::Reply::Type::kString, .text = text, .integer = 0, .elements = {}};
}

TEST(KeyTemplate, PutsColumnsIn) {
  EXPECT_EQ(FillKey("user:{id}", "{\"id\":\"u1\"}"), "user:u1");
  EXPECT_EQ(FillKey("{a}{b}-x", "{\"b\":2.50,\"a\":true}"), "true2.50-x");
  EXPECT_EQ(FillKey("all", "{\"a\":1}"), "all");
}

TEST(KeyTemplate, RefusesBadTemplates) {
  for (const char* text : {"", "a{", "a{b", "{}", "x{}y"}) {
    const auto parsed = KeyTemplate::Parse(text, kOrigin);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().reason, api::reason::kInvalidSpec);
  }
  EXPECT_EQ(
      FillKey("a{b", "{\"a\":1}"),
      "Key template \"a{b\" of dataset users: a brace is not closed. Write columns as {name}.");
}

TEST(KeyTemplate, RefusesRecordsThatDoNotFillIt) {
  EXPECT_EQ(
      FillKey("u:{id}", "{\"x\":1}"),
      "Column \"id\" of dataset users, record 1 (byte 0 of f): the column is missing, and the "
      "Redis key needs it. Add it.");
  for (const char* object :
       {"{\"id\":null}", "{\"id\":\"\"}", "{\"id\":[1]}", "{\"id\":{\"a\":1}}"}) {
    EXPECT_THAT(FillKey("u:{id}", object),
                HasSubstr("record 1 (byte 6 of f): the Redis key needs a text or a number here"));
  }
}

TEST(MakeItem, StringIsTheRecordAsJson) {
  const RedisItem item = ItemOf("{\"id\":1, \"n\":null, \"x\":[1, 2]}", api::RedisType::kString);
  EXPECT_EQ(item.json, "{\"id\":1,\"n\":null,\"x\":[1,2]}");
  EXPECT_GE(item.size(), item.json.size());
}

TEST(MakeItem, HashHasAFieldForEachValue) {
  const RedisItem item =
      ItemOf("{\"id\":1,\"n\":null,\"s\":\"a\\\"b\",\"x\":{\"y\":[]}}", api::RedisType::kHash);
  EXPECT_THAT(item.fields,
              ElementsAre(Pair("id", "1"), Pair("s", "a\"b"), Pair("x", "{\"y\":[]}")));
}

TEST(MakeItem, AHashOfNullsIsRefused) {
  const Reading reading = ReadAll("{\"id\":null}");
  const auto item =
      MakeItem(reading.records.at(0), reading.columns, "k", api::RedisType::kHash, kOrigin);
  ASSERT_FALSE(item);
  EXPECT_THAT(item.error().message, HasSubstr("all its values are NULL"));
}

TEST(CompareReply, TellsWhatAStringKeyHolds) {
  const RedisItem item = ItemOf("{\"id\":1}", api::RedisType::kString);
  EXPECT_EQ(AskCommand(item), (Command{"GET", "acme:u:1"}));
  EXPECT_EQ(CompareReply(item, {}), KeyState::kAbsent);
  EXPECT_EQ(CompareReply(item, Text("{\"id\":1}")), KeyState::kSame);
  EXPECT_EQ(CompareReply(item, Text("{\"id\":2}")), KeyState::kDifferent);
  redis::Reply error = Text("WRONGTYPE");
  error.type = redis::Reply::Type::kError;
  EXPECT_EQ(CompareReply(item, error), KeyState::kDifferent);
}

TEST(CompareReply, TellsWhatAHashKeyHolds) {
  const RedisItem item = ItemOf("{\"a\":1,\"b\":\"x\"}", api::RedisType::kHash);
  const auto fields = [](std::vector<std::string> texts) {
    redis::Reply reply;
    reply.type = redis::Reply::Type::kArray;
    for (const std::string& text : texts) {
      reply.elements.push_back(Text(text));
    }
    return reply;
  };
  EXPECT_EQ(AskCommand(item), (Command{"HGETALL", "acme:u:1"}));
  EXPECT_EQ(CompareReply(item, fields({})), KeyState::kAbsent);
  EXPECT_EQ(CompareReply(item, fields({"b", "x", "a", "1"})), KeyState::kSame);
  EXPECT_EQ(CompareReply(item, fields({"a", "1"})), KeyState::kDifferent);
  EXPECT_EQ(CompareReply(item, fields({"a", "1", "c", "x"})), KeyState::kDifferent);
  EXPECT_EQ(CompareReply(item, fields({"a", "1", "b", "y"})), KeyState::kDifferent);
  EXPECT_EQ(CompareReply(item, fields({"a", "1", "b", "x", "c", "z"})), KeyState::kDifferent);
}

TEST(WriteCommands, LeaveExactlyTheItem) {
  const RedisItem text = ItemOf("{\"id\":1}", api::RedisType::kString);
  const RedisItem hash = ItemOf("{\"id\":1}", api::RedisType::kHash);
  EXPECT_THAT(WriteCommands(text, {}), ElementsAre(Command{"SET", "acme:u:1", "{\"id\":1}"}));
  EXPECT_THAT(WriteCommands(text, std::chrono::seconds(9)),
              ElementsAre(Command{"SET", "acme:u:1", "{\"id\":1}", "EX", "9"}));
  EXPECT_THAT(WriteCommands(hash, {}),
              ElementsAre(Command{"DEL", "acme:u:1"}, Command{"HSET", "acme:u:1", "id", "1"}));
  EXPECT_THAT(WriteCommands(hash, std::chrono::seconds(9)),
              ElementsAre(Command{"DEL", "acme:u:1"}, Command{"HSET", "acme:u:1", "id", "1"},
                          Command{"EXPIRE", "acme:u:1", "9"}));
  EXPECT_EQ(ExpiryCommand(hash, {}), (Command{"PERSIST", "acme:u:1"}));
}

}  // namespace
}  // namespace tenantry::load
