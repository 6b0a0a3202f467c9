#include "common/base/result.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace tenantry {
namespace {

Error Missing() { return {.code = ErrorCode::kNotFound, .message = "no such thing"}; }

TEST(Result, HoldsAValue) {
  Result<std::string> result = std::string("value");
  ASSERT_TRUE(result);
  EXPECT_EQ(*result, "value");
  EXPECT_EQ(result->size(), 5U);
}

TEST(Result, HoldsAnError) {
  const Result<std::string> result = Missing();
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error(), Missing());
}

TEST(Result, GivesUpValuesThatCannotBeCopied) {
  Result<std::unique_ptr<int>> result = std::make_unique<int>(7);
  const std::unique_ptr<int> value = std::move(result).value();
  EXPECT_EQ(*value, 7);
}

TEST(ResultOfVoid, IsSuccessUnlessItHoldsAnError) {
  const Result<void> success;
  const Result<void> failure = Missing();
  EXPECT_TRUE(success);
  ASSERT_FALSE(failure);
  EXPECT_EQ(failure.error().code, ErrorCode::kNotFound);
}

Result<int> Twice(Result<int> value) {
  const int number = TRY(std::move(value));
  return number * 2;
}

Result<void> Both(Result<void> first, Result<void> second) {
  TRY(std::move(first));
  TRY(std::move(second));
  return {};
}

TEST(Try, UnwrapsValuesAndReturnsErrors) {
  EXPECT_EQ(Twice(21).value(), 42);
  EXPECT_EQ(Twice(Missing()).error(), Missing());
  EXPECT_TRUE(Both({}, {}));
  EXPECT_EQ(Both({}, Missing()).error(), Missing());
}

TEST(WithContext, PrefixesTheMessageOnly) {
  const Error error = WithContext(
      Error{.code = ErrorCode::kInvalid, .message = "is bad", .reason = "InvalidSpec"}, "field");
  EXPECT_EQ(error, (Error{ErrorCode::kInvalid, "field: is bad", "InvalidSpec"}));
}

TEST(ErrorCodes, HaveNames) {
  EXPECT_EQ(ToString(ErrorCode::kNotFound), "NotFound");
  EXPECT_EQ(ToString(ErrorCode::kConflict), "Conflict");
  EXPECT_EQ(ToString(ErrorCode::kUnavailable), "Unavailable");
  EXPECT_EQ(ToString(ErrorCode::kInvalid), "Invalid");
  EXPECT_EQ(ToString(ErrorCode::kOutcomeUnknown), "OutcomeUnknown");
  EXPECT_EQ(ToString(ErrorCode::kCancelled), "Cancelled");
  EXPECT_EQ(ToString(ErrorCode::kInternal), "Internal");
}

}  // namespace
}  // namespace tenantry
