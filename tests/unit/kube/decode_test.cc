#include "operator/kube/decode.h"

#include <gtest/gtest.h>

namespace tenantry::kube {
namespace {

TEST(DecodeObject, ReadsOneObject) {
  const Result<Json> object =
      DecodeObject(R"({"metadata":{"name":"acme","namespace":"platform"}})");
  ASSERT_TRUE(object);
  EXPECT_EQ(KeyOf(*object), (api::ObjectKey{api::Namespace("platform"), api::Name("acme")}));
}

TEST(DecodeObject, LeavesOutManagedFieldsOfItsMetadataOnly) {
  const Json object = DecodeObject(R"({
    "metadata": {"managedFields": [{"a": {"b": []}}, 1], "name": "acme", "labels": {}},
    "spec": {"config": {"metadata": {"managedFields": 1}}, "managedFields": [true, null]},
    "managedFields": -2.5})")
                          .value();
  EXPECT_EQ(object, Json::parse(R"({
    "metadata": {"name": "acme", "labels": {}},
    "spec": {"config": {"metadata": {"managedFields": 1}}, "managedFields": [true, null]},
    "managedFields": -2.5})"));
}

TEST(DecodeWatchLine, LeavesOutManagedFields) {
  const WatchEvent event = DecodeWatchLine(R"({"type": "ADDED", "object": {
    "metadata": {"managedFields": "x", "resourceVersion": "7"}, "metadata2": 1}})")
                               .value();
  EXPECT_EQ(event.object, Json::parse(R"({"metadata": {"resourceVersion": "7"}, "metadata2": 1})"));
}

TEST(DecodeObject, RefusesEverythingElse) {
  for (const std::string_view text : {"", "[]", "null", "{", "{} {}", "{\"a\":\"\xff\"}"}) {
    const Result<Json> object = DecodeObject(text);
    ASSERT_FALSE(object) << text;
    EXPECT_EQ(object.error().code, ErrorCode::kInternal);
  }
}

TEST(DecodeObject, TellsThatAnObjectIsNestedTooDeep) {
  std::string deep;
  for (int i = 0; i < 5'000; ++i) {
    deep += R"({"a":)";
  }
  const Result<Json> object = DecodeObject(deep + "1" + std::string(5'000, '}'));
  ASSERT_FALSE(object);
  EXPECT_EQ(object.error().reason, kUnreadable);
}

TEST(DecodeWatchLine, ReadsEachKindOfEvent) {
  struct Case {
    const char* type;
    WatchEventType expected;
  };
  for (const Case& test :
       {Case{"ADDED", WatchEventType::kAdded}, Case{"MODIFIED", WatchEventType::kModified},
        Case{"DELETED", WatchEventType::kDeleted}, Case{"BOOKMARK", WatchEventType::kBookmark}}) {
    const Result<WatchEvent> event =
        DecodeWatchLine(std::string(R"({"type":")") + test.type +
                        R"(","object":{"metadata":{"name":"acme","resourceVersion":"7"}}})");
    ASSERT_TRUE(event) << test.type;
    EXPECT_EQ(event->type, test.expected);
    EXPECT_EQ(event->resource_version, "7");
    EXPECT_EQ(KeyOf(event->object).name, api::Name("acme"));
  }
}

TEST(DecodeWatchLine, MakesAnErrorEventTheErrorOfItsStatus) {
  const Result<WatchEvent> expired = DecodeWatchLine(
      R"({"type":"ERROR","object":{"kind":"Status","message":"too old resource version",)"
      R"("reason":"Gone","code":410}})");
  ASSERT_FALSE(expired);
  EXPECT_EQ(expired.error(), (Error{ErrorCode::kConflict, "too old resource version", "Expired"}));

  const Result<WatchEvent> vague = DecodeWatchLine(R"({"type":"ERROR","object":{"code":"x"}})");
  ASSERT_FALSE(vague);
  EXPECT_EQ(vague.error().code, ErrorCode::kUnavailable);
}

TEST(DecodeWatchLine, RefusesWhatIsNoEvent) {
  for (const std::string_view line :
       {"{}", R"({"type":"ADDED"})", R"({"type":"ADDED","object":1})",
        R"({"type":"MOVED","object":{}})", R"({"object":{}})", "<html>"}) {
    EXPECT_FALSE(DecodeWatchLine(line)) << line;
  }
}

TEST(DecodeStatus, MapsEachHttpStatus) {
  struct Case {
    int status;
    ErrorCode expected;
  };
  for (const Case& test : {Case{404, ErrorCode::kNotFound}, Case{409, ErrorCode::kConflict},
                           Case{410, ErrorCode::kConflict}, Case{400, ErrorCode::kInvalid},
                           Case{401, ErrorCode::kInvalid}, Case{403, ErrorCode::kInvalid},
                           Case{405, ErrorCode::kInvalid}, Case{413, ErrorCode::kInvalid},
                           Case{415, ErrorCode::kInvalid}, Case{422, ErrorCode::kInvalid},
                           Case{408, ErrorCode::kUnavailable}, Case{429, ErrorCode::kUnavailable},
                           Case{500, ErrorCode::kUnavailable}, Case{502, ErrorCode::kUnavailable},
                           Case{503, ErrorCode::kUnavailable}, Case{504, ErrorCode::kUnavailable},
                           Case{302, ErrorCode::kInternal}}) {
    EXPECT_EQ(DecodeStatus(test.status, "", "get").code, test.expected) << test.status;
  }
}

TEST(DecodeStatus, TellsTheServersOwnWordsAndReason) {
  EXPECT_EQ(
      DecodeStatus(403, R"({"message":"secrets is forbidden","reason":"Forbidden","code":403})",
                   "list secrets"),
      (Error{ErrorCode::kInvalid, "list secrets: secrets is forbidden", "Forbidden"}));
}

TEST(DecodeStatus, HasWordsForABodyThatIsNoStatus) {
  EXPECT_EQ(DecodeStatus(502, "<html>bad gateway</html>", "get tenants a/b"),
            (Error{ErrorCode::kUnavailable,
                   "get tenants a/b: the API server answered with HTTP status 502", ""}));
}

TEST(DecodePatchError, MakesARefusedPatchWithATestAConflict) {
  const Error refused{ErrorCode::kInvalid,
                      "patch tenants a/b: the server rejected our request due to an error in our "
                      "request",
                      "Invalid"};
  const Error invalid{ErrorCode::kInvalid, "patch tenants a/b: spec.tier is wrong", "Invalid"};
  const Json with_test = Json::array({{{"op", "test"}, {"path", "/a"}, {"value", 1}}});
  const Json without = Json::array({{{"op", "remove"}, {"path", "/a"}}});

  EXPECT_EQ(DecodePatchError(refused, with_test).code, ErrorCode::kConflict);
  EXPECT_EQ(DecodePatchError(refused, without), refused);
  EXPECT_EQ(DecodePatchError(invalid, with_test), invalid);
}

TEST(StringAt, IsEmptyWhereThereIsNoString) {
  const Json object = {{"a", {{"b", "text"}, {"c", 1}}}};
  EXPECT_EQ(StringAt(object, {"a", "b"}), "text");
  EXPECT_EQ(StringAt(object, {"a", "c"}), "");
  EXPECT_EQ(StringAt(object, {"a", "b", "d"}), "");
  EXPECT_EQ(StringAt(object, {"x"}), "");
}

}  // namespace
}  // namespace tenantry::kube
