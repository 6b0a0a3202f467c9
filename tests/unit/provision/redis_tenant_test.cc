#include "agent/provision/redis_tenant.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tenantry::agent {
namespace {

using redis::Reply;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const api::TenantId kAcme{"acme"};  // NOLINT: a constant of a test
constexpr char kHashOfAbc[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

Reply Text(const std::string& text) { return {.type = Reply::Type::kString, .text = text}; }
Reply List(const std::vector<std::string>& texts) {
  Reply reply{.type = Reply::Type::kArray};
  for (const std::string& text : texts) {
    reply.elements.push_back(Text(text));
  }
  return reply;
}
Reply User(const Reply& keys, const Reply& channels) {
  return {.type = Reply::Type::kArray,
          .elements = {Text("flags"), List({"on", "sanitize-payload"}), Text("passwords"),
                       List({kHashOfAbc}), Text("commands"), Text("-@all +@string"), Text("keys"),
                       keys, Text("channels"), channels}};
}
const RedisMemory kMemory = {RedisRules(), "-@all +@string"};  // NOLINT: a constant of a test

TEST(ParseRedisUser, ReadsRedis6AndRedis7) {
  const RedisUserState six = ParseRedisUser(User(List({"acme:*"}), List({"acme:*"})));
  const RedisUserState seven = ParseRedisUser(User(Text("~acme:*"), Text("&acme:*")));
  EXPECT_EQ(six, seven);
  EXPECT_TRUE(six.exists);
  EXPECT_TRUE(six.on);
  EXPECT_THAT(six.keys, ElementsAre("acme:*"));
  EXPECT_THAT(CompareRedisUser(kAcme, six, {Secret("abc")}, kMemory), IsEmpty());
}

TEST(ParseRedisUser, SurvivesOddAnswers) {
  EXPECT_FALSE(ParseRedisUser({}).exists);
  EXPECT_TRUE(ParseRedisUser(List({"flags"})).exists);
  EXPECT_TRUE(ParseRedisUser(List({"flags", "on", "commands"})).commands.empty());
}

TEST(CompareRedisUser, TellsEachDifference) {
  const RedisUserState right = ParseRedisUser(User(Text("~acme:*"), Text("&acme:*")));
  const auto drift = [&](auto change) {
    RedisUserState state = right;
    change(state);
    return CompareRedisUser(kAcme, state, {Secret("abc")}, kMemory);
  };
  EXPECT_THAT(drift([](auto& s) { s.exists = false; }), ElementsAre(HasSubstr("missing")));
  EXPECT_THAT(drift([](auto& s) { s.on = false; }), ElementsAre(HasSubstr("switched off")));
  EXPECT_THAT(drift([](auto& s) { s.any_password = true; }), ElementsAre(HasSubstr("passwords")));
  EXPECT_THAT(drift([](auto& s) { s.passwords.clear(); }), ElementsAre(HasSubstr("passwords")));
  EXPECT_THAT(drift([](auto& s) { s.keys.push_back("*"); }), ElementsAre(HasSubstr("keys")));
  EXPECT_THAT(drift([](auto& s) { s.channels = {"*"}; }), ElementsAre(HasSubstr("channels")));
  EXPECT_THAT(drift([](auto& s) { s.has_selectors = true; }), ElementsAre(HasSubstr("commands")));
  EXPECT_THAT(drift([](auto& s) { s.commands += " +keys"; }), ElementsAre(HasSubstr("commands")));
  EXPECT_THAT(
      CompareRedisUser(kAcme, right, {Secret("abc")}, {"of an older agent", right.commands}),
      ElementsAre(HasSubstr("commands")));
}

TEST(MakeSetUser, IsOneCommandWithoutAPasswordInClear) {
  const std::vector<std::string> command =
      MakeSetUser(kAcme, {Secret("abc"), Secret("def"), Secret("abc")});
  EXPECT_EQ(command[2], "tenant_acme");
  EXPECT_EQ(command[3], "reset") << "what was given before goes";
  EXPECT_THAT(command, Contains("#" + std::string(kHashOfAbc)).Times(1));
  EXPECT_THAT(command, Not(Contains(HasSubstr("abc"))));
  EXPECT_THAT(command, Contains("~acme:*"));
  EXPECT_THAT(command, Contains("&acme:*"));
}

TEST(EscapeGlob, TakesPatternsLiterally) {
  EXPECT_EQ(EscapeGlob("a*b?[c]\\"), "a\\*b\\?\\[c\\]\\\\");
  EXPECT_EQ(EscapeGlob("acme_1:"), "acme_1:");
}

}  // namespace
}  // namespace tenantry::agent
