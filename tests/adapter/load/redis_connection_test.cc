#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/redis/connection.h"
#include "common/api/reasons.h"
#include "tests/support/redis_server.h"

namespace tenantry {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class RedisConnection : public ::testing::Test {
 protected:
  void SetUp() override {
    auto started = testing::RedisServer::Start({.password = "correct-horse"});
    ASSERT_TRUE(started) << started.error().message;
    server_ = *std::move(started);
  }

  std::unique_ptr<redis::Connection> Open() {
    auto opened = redis::Connection::Open(server_->access());
    EXPECT_TRUE(opened) << opened.error().message;
    return opened ? *std::move(opened) : nullptr;
  }

  std::unique_ptr<testing::RedisServer> server_;
};

TEST_F(RedisConnection, AnswersEveryTypeOfReply) {
  const auto connection = Open();
  const std::string bytes("a\0\r\nb", 5);

  EXPECT_EQ(connection->Command({"SET", "k", bytes})->text, "OK");
  EXPECT_EQ(connection->Command({"GET", "k"})->text, bytes);
  EXPECT_EQ(connection->Command({"GET", "none"})->type, redis::Reply::Type::kNil);
  EXPECT_EQ(connection->Command({"INCR", "n"})->integer, 1);
  const auto both = connection->Command({"MGET", "k", "none"});
  ASSERT_EQ(both->elements.size(), 2U);
  EXPECT_EQ(both->elements[0].text, bytes);
  EXPECT_EQ(both->elements[1].type, redis::Reply::Type::kNil);
}

TEST_F(RedisConnection, PipelineKeepsTheOrderAndHoldsErrorReplies) {
  const auto connection = Open();
  std::vector<std::vector<std::string>> commands;
  for (int i = 0; i < 5000; ++i) {
    commands.push_back({"RPUSH", "list", std::string(200, 'x') + std::to_string(i)});
  }
  commands.push_back({"HSET", "list", "field", "secret-value"});
  commands.push_back({"LLEN", "list"});

  const auto replies = connection->Pipeline(commands);

  ASSERT_TRUE(replies) << replies.error().message;
  ASSERT_EQ(replies->size(), 5002U);
  EXPECT_EQ((*replies)[4999].integer, 5000);
  EXPECT_EQ((*replies)[5000].type, redis::Reply::Type::kError);
  EXPECT_THAT((*replies)[5000].text, HasSubstr("WRONGTYPE"));
  EXPECT_EQ((*replies)[5001].integer, 5000);
}

TEST_F(RedisConnection, EmptyPipelineHasNoReplies) { EXPECT_TRUE(Open()->Pipeline({})->empty()); }

TEST_F(RedisConnection, WrongPasswordIsTheUsersToMend) {
  api::RedisAccess access = server_->access();
  access.password = Secret("wrong-battery");

  const auto opened = redis::Connection::Open(access);

  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kInvalid);
  EXPECT_EQ(opened.error().reason, api::reason::kCredentialsRefused);
  EXPECT_THAT(opened.error().message, HasSubstr("default@127.0.0.1:"));
  EXPECT_THAT(opened.error().message, Not(HasSubstr("wrong-battery")));
}

TEST_F(RedisConnection, MissingPasswordIsTheUsersToMend) {
  api::RedisAccess access = server_->access();
  access.password = Secret();

  const auto opened = redis::Connection::Open(access);

  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().reason, api::reason::kCredentialsRefused);
}

TEST_F(RedisConnection, MissingRightIsNamed) {
  ASSERT_TRUE(Open()->Command({"ACL", "SETUSER", "narrow", "on", ">pw", "~narrow:*", "+get"}));
  api::RedisAccess access = server_->access();
  access.user = "narrow";
  access.password = Secret("pw");
  auto narrow = redis::Connection::Open(access);
  ASSERT_TRUE(narrow) << narrow.error().message;

  EXPECT_TRUE((*narrow)->Command({"GET", "narrow:a"}));
  for (const auto& refused :
       {std::vector<std::string>{"GET", "wide:a"}, {"SET", "narrow:a", "1"}}) {
    const auto reply = (*narrow)->Command(refused);
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().reason, api::reason::kInsufficientPrivilege);
    EXPECT_THAT(reply.error().message, HasSubstr("narrow@127.0.0.1:"));
  }
}

TEST_F(RedisConnection, ErrorsQuoteNeitherPasswordsNorValues) {
  const auto connection = Open();
  const auto modifier = connection->Command({"ACL", "SETUSER", "someone", "^hunter2hunter2"});
  const auto unknown = connection->Command({"NOSUCH", "key", "hunter2hunter2"});

  ASSERT_FALSE(modifier);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(modifier.error().code, ErrorCode::kInvalid);
  EXPECT_THAT(modifier.error().message, Not(HasSubstr("hunter2")));
  EXPECT_THAT(unknown.error().message, Not(HasSubstr("hunter2")));
}

TEST_F(RedisConnection, FullMemoryIsTransient) {
  const auto connection = Open();
  ASSERT_TRUE(connection->Command({"CONFIG", "SET", "maxmemory", "1"}));

  const auto reply = connection->Command({"SET", "k", "v"});

  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(reply.error().reason, api::reason::kRedisUnreachable);
}

TEST_F(RedisConnection, LostServerIsTransientAndTheSessionStaysBroken) {
  const auto connection = Open();
  server_->Stop();

  for (int i = 0; i < 2; ++i) {
    const auto reply = connection->Command({"PING"});
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().code, ErrorCode::kUnavailable);
  }
  const auto opened = redis::Connection::Open(server_->access());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(opened.error().reason, api::reason::kRedisUnreachable);
}

}  // namespace
}  // namespace tenantry
