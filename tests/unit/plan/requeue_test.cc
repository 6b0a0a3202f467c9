#include "operator/plan/requeue.h"

#include <gtest/gtest.h>

#include "common/api/reasons.h"

namespace tenantry::plan {
namespace {

namespace reason = api::reason;

TEST(DecideRequeue, NeverTakesATransientErrorForTerminal) {
  for (const ErrorCode code :
       {ErrorCode::kConflict, ErrorCode::kOutcomeUnknown, ErrorCode::kUnavailable,
        ErrorCode::kNotFound, ErrorCode::kCancelled, ErrorCode::kInternal}) {
    SCOPED_TRACE(ToString(code));
    const Error error{code, "why", reason::kInvalidSpec};

    EXPECT_EQ(DecideRequeue(error), Requeue::Backoff());
    EXPECT_EQ(MakeVerdict(error).shape, Shape::kRetrying);
  }
}

TEST(DecideRequeue, LooksAgainWhetherTheSurroundingsWereMended) {
  for (const char* mendable : {reason::kSecretNotFound, reason::kCredentialsRefused,
                               reason::kConfigMapNotFound, reason::kAgentUnauthorized, ""}) {
    SCOPED_TRACE(mendable);
    const Error error{ErrorCode::kInvalid, "why", mendable};

    EXPECT_EQ(DecideRequeue(error), Requeue::After(kStalledPoll));
    EXPECT_EQ(MakeVerdict(error).shape, Shape::kStalled);
  }
}

TEST(DecideRequeue, WaitsForANewGenerationWhenTheSpecIsWrong) {
  EXPECT_EQ(DecideRequeue({ErrorCode::kInvalid, "no such tier", reason::kInvalidSpec}),
            Requeue::Never());
}

TEST(MakeVerdict, TellsTheErrorsReasonAndWords) {
  EXPECT_EQ(MakeVerdict({ErrorCode::kInvalid, "Add it.", reason::kInvalidSecret}),
            (Verdict{Shape::kStalled, reason::kInvalidSecret, "Add it."}));
  EXPECT_EQ(MakeVerdict({ErrorCode::kInternal, "Oh."}),
            (Verdict{Shape::kRetrying, reason::kFailed, "Oh."}));
}

}  // namespace
}  // namespace tenantry::plan
