#include "operator/agents/answers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/api/protocol_codec.h"
#include "common/api/reasons.h"

namespace tenantry::agents {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Call SubmitCall() {
  return {.operation = Operation::kSubmit,
          .agent = {.name = "main-0", .url = "https://10.0.0.7:8443"},
          .task_id = "u1-3-provision"};
}

TEST(ExplainRefusal, GivesEachStatusItsMeaning) {
  struct Case {
    int status;
    ErrorCode code;
    const char* reason;
  };
  const Case cases[] = {
      {400, ErrorCode::kInvalid, ""},
      {401, ErrorCode::kInvalid, api::reason::kAgentUnauthorized},
      {403, ErrorCode::kInvalid, api::reason::kAgentUnauthorized},
      {404, ErrorCode::kNotFound, ""},
      {405, ErrorCode::kInvalid, api::reason::kAgentVersionSkew},
      {408, ErrorCode::kUnavailable, api::reason::kAgentUnreachable},
      {409, ErrorCode::kConflict, ""},
      {413, ErrorCode::kInvalid, ""},
      {422, ErrorCode::kInvalid, api::reason::kAgentVersionSkew},
      {429, ErrorCode::kUnavailable, api::reason::kAgentUnreachable},
      {500, ErrorCode::kUnavailable, api::reason::kAgentUnreachable},
      {503, ErrorCode::kUnavailable, api::reason::kAgentUnreachable},
      {302, ErrorCode::kInvalid, api::reason::kAgentVersionSkew},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.status);
    const Error error = ExplainRefusal(SubmitCall(), {.status = each.status});
    EXPECT_EQ(error.code, each.code);
    EXPECT_EQ(error.reason, each.reason);
    EXPECT_THAT(error.message, HasSubstr("main-0 (https://10.0.0.7:8443)"));
    EXPECT_THAT(error.message, HasSubstr("u1-3-provision"));
  }
}

TEST(ExplainRefusal, KeepsTheAgentsOwnWordsAndReason) {
  for (const int status : {400, 409, 422, 503}) {
    SCOPED_TRACE(status);
    const Error error = ExplainRefusal(
        SubmitCall(), {.status = status,
                       .body = R"({"error":{"code":"Invalid","reason":"TenantBusy",)"
                               R"("message":"Another task holds acme. Wait for it."}})"});
    EXPECT_EQ(error.reason, "TenantBusy");
    EXPECT_THAT(error.message, HasSubstr("Another task holds acme. Wait for it."));
  }
}

TEST(ExplainRefusal, DoesNotLetAStrangerRenameAnUnauthorizedCall) {
  const Error error = ExplainRefusal(
      SubmitCall(), {.status = 401, .body = R"({"error":{"reason":"Fine","message":"who?"}})"});

  EXPECT_EQ(error.reason, api::reason::kAgentUnauthorized);
  EXPECT_THAT(error.message, HasSubstr("who?"));
}

TEST(ExplainRefusal, SurvivesBodiesThatSayNothing) {
  const std::string bodies[] = {"",
                                "<html>502</html>",
                                "[]",
                                "7",
                                R"({"error":7})",
                                R"({"error":{}})",
                                R"({"error":{"message":7,"reason":[]}})",
                                std::string(100'000, '['),
                                std::string(1'000'000, ' ')};
  for (const std::string& body : bodies) {
    const Error error = ExplainRefusal(SubmitCall(), {.status = 503, .body = body});
    EXPECT_EQ(error.reason, api::reason::kAgentUnreachable);
    EXPECT_THAT(error.message, HasSubstr("503"));
  }
}

TEST(ExplainRefusal, UnderstandsAnErrorThatIsOnlyText) {
  const Error error =
      ExplainRefusal(SubmitCall(), {.status = 404, .body = R"({"error":"no such task"})"});

  EXPECT_THAT(error.message, HasSubstr("no such task"));
}

TEST(ExplainRefusal, ShortensWhatTheAgentSays) {
  const Error error = ExplainRefusal(
      SubmitCall(),
      {.status = 400, .body = R"({"error":{"message":")" + std::string(50'000, 'x') + "\"}}"});

  EXPECT_LT(error.message.size(), 5'000U);
}

TEST(ExplainNoAnswer, TranslatesTheConnectionsFailures) {
  struct Case {
    ErrorCode from;
    ErrorCode to;
    const char* reason;
  };
  for (const Case& each :
       {Case{ErrorCode::kUnavailable, ErrorCode::kUnavailable, api::reason::kAgentUnreachable},
        Case{ErrorCode::kOutcomeUnknown, ErrorCode::kUnavailable, api::reason::kAgentUnreachable},
        Case{ErrorCode::kInvalid, ErrorCode::kInvalid, api::reason::kAgentUnauthorized},
        Case{ErrorCode::kInternal, ErrorCode::kInvalid, api::reason::kAgentVersionSkew},
        Case{ErrorCode::kCancelled, ErrorCode::kCancelled, ""}}) {
    SCOPED_TRACE(ToString(each.from));
    const Error error = ExplainNoAnswer(SubmitCall(), {.code = each.from, .message = "it broke."});
    EXPECT_EQ(error.code, each.to);
    EXPECT_EQ(error.reason, each.reason);
    EXPECT_THAT(error.message, HasSubstr("main-0 (https://10.0.0.7:8443)"));
    EXPECT_THAT(error.message, HasSubstr("it broke."));
    EXPECT_THAT(error.message, Not(HasSubstr("..")));
  }
}

TEST(ReadReport, RefusesAnAnswerThatCannotBeRead) {
  for (const char* body :
       {"", "{", "{}", R"({"id":7})", R"({"id":"another","kind":"Observe","state":"Running"})",
        R"({"id":"u1-3-provision","kind":"Brew","state":"Running"})"}) {
    SCOPED_TRACE(body);
    const auto report = ReadReport(SubmitCall(), {.status = 200, .body = body});
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().code, ErrorCode::kInvalid);
    EXPECT_EQ(report.error().reason, api::reason::kAgentVersionSkew);
  }
}

TEST(ReadReport, ReadsBothKindsOfSuccess) {
  for (const int status : {200, 202}) {
    const auto report = ReadReport(
        SubmitCall(),
        {.status = status, .body = R"({"id":"u1-3-provision","kind":"Load","state":"Running"})"});
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(report->kind, api::TaskKind::kLoad);
    EXPECT_EQ(report->state, api::TaskState::kRunning);
  }
}

TEST(ReadInfo, NamesBothVersionsWhenTheyDiffer) {
  const auto info = ReadInfo(
      SubmitCall(),
      {.status = 200,
       .body = R"({"name":"main-0","version":"9.9.9","protocolVersion":42,"capabilities":{}})"});

  ASSERT_FALSE(info);
  EXPECT_EQ(info.error().code, ErrorCode::kInvalid);
  EXPECT_EQ(info.error().reason, api::reason::kAgentVersionSkew);
  EXPECT_THAT(info.error().message, HasSubstr("version 42"));
  EXPECT_THAT(info.error().message, HasSubstr("version 1"));
  EXPECT_THAT(info.error().message, HasSubstr("https://10.0.0.7:8443"));
}

TEST(ReadInfo, CallsANamelessAgentByItsAddress) {
  const auto info = ReadInfo(
      SubmitCall(),
      {.status = 200, .body = R"({"version":"stub","protocolVersion":1,"capabilities":{}})"});

  ASSERT_TRUE(info) << info.error().message;
  EXPECT_EQ(info->name, "main-0");
  EXPECT_EQ(info->version, "stub");
}

TEST(ReadInfo, RefusesAnAnswerThatCannotBeRead) {
  for (const char* body :
       {"", "{", "[]", "7", "{}", R"({"name":7,"version":"1","protocolVersion":1})",
        R"({"version":"1","protocolVersion":"one"})"}) {
    SCOPED_TRACE(body);
    const auto info = ReadInfo(SubmitCall(), {.status = 200, .body = body});
    ASSERT_FALSE(info);
    EXPECT_EQ(info.error().reason, api::reason::kAgentVersionSkew);
  }
}

}  // namespace
}  // namespace tenantry::agents
