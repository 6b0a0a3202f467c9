#include "operator/kube/client.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <vector>

#include "common/telemetry/metrics.h"
#include "operator/kube/decode.h"
#include "operator/kube/transport.h"
#include "tests/unit/kube/scripted_server.h"

namespace tenantry::kube {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const api::Namespace kNs("platform");
const api::Name kName("acme");

// A client of a scripted server; keeps the requests.
class ClientTest : public ::testing::Test {
 protected:
  void Start(ScriptedServer::Script script, Config config = {}) {
    server_.emplace([this, script = std::move(script)](const ScriptedRequest& request) {
      requests_.push_back(request);
      return script(request);
    });
    config.server = server_->url();
    auto client = Client::Make(config, *metrics_);
    ASSERT_TRUE(client);
    client_ = std::move(client).value();
  }
  // Answers each request with the next of `replies`.
  void StartWith(std::vector<ScriptedReply> replies, Config config = {}) {
    Start([replies = std::move(replies),
           next = std::size_t{0}](const ScriptedRequest&) mutable { return replies.at(next++); },
          std::move(config));
  }

  std::unique_ptr<telemetry::Registry> metrics_ = telemetry::Registry::Make();
  std::vector<ScriptedRequest> requests_;
  std::optional<ScriptedServer> server_;
  std::unique_ptr<Client> client_;
};

constexpr char kObject[] = R"({"metadata":{"name":"acme","resourceVersion":"1"}})";

TEST_F(ClientTest, SendsItsNameAndItsToken) {
  Config config;
  config.token = Secret("s3cret");
  StartWith({Answer(200, kObject)}, std::move(config));

  const Result<Json> object = client_->Get(kTenants, kNs, kName);

  ASSERT_TRUE(object);
  EXPECT_EQ(KeyOf(*object).name, kName);
  EXPECT_EQ(requests_.at(0).path, "/apis/tenantry.dev/v1alpha1/namespaces/platform/tenants/acme");
  EXPECT_EQ(requests_.at(0).headers["authorization"], "Bearer s3cret");
  EXPECT_TRUE(requests_.at(0).headers["user-agent"].starts_with("tenantry-operator/"));
}

TEST_F(ClientTest, SendsEachWriteWithItsTypeAndFieldManager) {
  Start([](const ScriptedRequest&) { return Answer(200, kObject); });
  const Json object = {{"metadata", {{"name", "acme"}}}};

  EXPECT_TRUE(client_->Create(kSecrets, kNs, object));
  EXPECT_TRUE(client_->Apply(kSecrets, kNs, object, "tenantry-controller", true));
  EXPECT_TRUE(client_->JsonPatch(kSecrets, kNs, kName, Json::array()));
  EXPECT_TRUE(client_->PatchStatus(kTenants, kNs, kName, Json::array()));
  EXPECT_TRUE(client_->Replace(kSecrets, kNs, object));

  struct Expected {
    const char* method;
    const char* type;
    const char* manager;
  };
  const Expected expected[] = {
      {"POST", "application/json", "tenantry-controller"},
      {"PATCH", "application/apply-patch+yaml", "tenantry-controller"},
      {"PATCH", "application/json-patch+json", "tenantry-controller"},
      {"PATCH", "application/json-patch+json", "tenantry-controller-status"},
      {"PUT", "application/json", "tenantry-controller"}};
  ASSERT_EQ(requests_.size(), std::size(expected));
  for (std::size_t i = 0; i < requests_.size(); ++i) {
    EXPECT_EQ(requests_[i].method, expected[i].method);
    EXPECT_EQ(requests_[i].headers["content-type"], expected[i].type);
    EXPECT_EQ(requests_[i].Query("fieldManager"), expected[i].manager);
  }
  EXPECT_EQ(requests_[1].Query("force"), "true");
  EXPECT_TRUE(requests_[3].path.ends_with("/tenants/acme/status"));
}

TEST_F(ClientTest, ReplacesBrokenTextInsteadOfThrowing) {
  StartWith({Answer(200, kObject)});
  EXPECT_TRUE(client_->PatchStatus(kTenants, kNs, kName, Json::array({"\xff"})));
  EXPECT_EQ(requests_.at(0).body, "[\"\xef\xbf\xbd\"]");
}

TEST_F(ClientTest, SendsPreconditionsOfADelete) {
  StartWith({Answer(200, kObject)});
  EXPECT_TRUE(client_->Delete(kSecrets, kNs, kName, {.uid = "u", .resource_version = "7"}));
  const Json body = Json::parse(requests_.at(0).body);
  EXPECT_EQ(body["preconditions"], (Json{{"uid", "u"}, {"resourceVersion", "7"}}));
}

TEST_F(ClientTest, TellsWhatCouldNotBeDoneInTheServersWords) {
  StartWith({AnswerStatus(404, "NotFound", "tenants acme not found")});
  const Result<Json> object = client_->Get(kTenants, kNs, kName);
  ASSERT_FALSE(object);
  EXPECT_EQ(object.error(),
            (Error{ErrorCode::kNotFound, "get tenants platform/acme: tenants acme not found",
                   "NotFound"}));
}

TEST_F(ClientTest, RefusesAnAnswerThatIsNoObject) {
  StartWith({Answer(200, "<html>")});
  const Result<Json> object = client_->Get(kTenants, kNs, kName);
  ASSERT_FALSE(object);
  EXPECT_EQ(object.error().code, ErrorCode::kInternal);
}

TEST_F(ClientTest, WaitsAndRetriesWhenTheServerSaysSo) {
  StartWith({AnswerStatus(429, "TooManyRequests", "slow down", "Retry-After: 0\r\n"),
             AnswerStatus(503, "ServiceUnavailable", "later", "Retry-After: 0\r\n"),
             Answer(200, kObject)});
  EXPECT_TRUE(client_->Get(kTenants, kNs, kName));
  EXPECT_EQ(requests_.size(), 3U);
}

TEST_F(ClientTest, RetriesThreeTimesAtMost) {
  Start([](const ScriptedRequest&) {
    return AnswerStatus(429, "TooManyRequests", "slow down", "Retry-After: 0\r\n");
  });
  const Result<Json> object = client_->Get(kTenants, kNs, kName);
  ASSERT_FALSE(object);
  EXPECT_EQ(object.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(requests_.size(), 4U);
}

TEST_F(ClientTest, DoesNotRetryPastTheDeadline) {
  Config config;
  config.call_timeout = seconds(5);
  Start(
      [](const ScriptedRequest&) {
        return AnswerStatus(429, "TooManyRequests", "slow down", "Retry-After: 3600\r\n");
      },
      std::move(config));
  EXPECT_FALSE(client_->Get(kTenants, kNs, kName));
  EXPECT_EQ(requests_.size(), 1U);
}

TEST_F(ClientTest, ReadsTheTokenAgainWhenItIsRefused) {
  std::string file = (std::filesystem::temp_directory_path() / "token-XXXXXX").string();
  ::close(::mkstemp(file.data()));
  std::ofstream(file) << "old\n";
  Config config;
  config.token_file = file;
  Start(
      [&](const ScriptedRequest& request) {
        if (request.headers.at("authorization") == "Bearer new") {
          return Answer(200, kObject);
        }
        std::ofstream(file) << "new\n";
        return AnswerStatus(401, "Unauthorized", "Unauthorized");
      },
      std::move(config));

  EXPECT_TRUE(client_->Get(kTenants, kNs, kName));
  EXPECT_EQ(requests_.size(), 2U);
  std::filesystem::remove(file);
}

TEST_F(ClientTest, GivesUpOnATokenThatStaysRefused) {
  Config config;
  config.token = Secret("old");
  Start([](const ScriptedRequest&) { return AnswerStatus(401, "Unauthorized", "Unauthorized"); },
        std::move(config));
  const Result<Json> object = client_->Get(kTenants, kNs, kName);
  ASSERT_FALSE(object);
  EXPECT_EQ(object.error().code, ErrorCode::kInvalid);
  EXPECT_EQ(requests_.size(), 1U);
}

TEST_F(ClientTest, CountsRequestsByCode) {
  StartWith({Answer(200, kObject), AnswerStatus(404, "NotFound", "no")});
  EXPECT_TRUE(client_->Get(kTenants, kNs, kName));
  EXPECT_FALSE(client_->Get(kTenants, kNs, kName));
  const std::string text = metrics_->Text();
  EXPECT_NE(text.find("rest_client_requests_total{code=\"200\""), std::string::npos) << text;
  EXPECT_NE(text.find("rest_client_requests_total{code=\"404\""), std::string::npos);
  EXPECT_NE(text.find("rest_client_request_duration_seconds_bucket"), std::string::npos);
}

std::string ListOf(const std::string& names, const std::string& metadata) {
  return R"({"kind":"TenantList","metadata":)" + metadata + R"(,"items":[)" + names + "]}";
}

std::string Item(const std::string& name) { return R"({"metadata":{"name":")" + name + "\"}}"; }

TEST_F(ClientTest, PagesThroughAList) {
  StartWith({Answer(200, ListOf(Item("a") + "," + Item("b"),
                                R"({"resourceVersion":"9","continue":"t"})")),
             Answer(200, ListOf(Item("c"), R"({"resourceVersion":"9"})"))});
  std::vector<std::string> names;

  const Result<std::string> version =
      client_->List(kTenants, {.page_size = 2}, [&](const Json& object) {
        names.push_back(KeyOf(object).name.value());
        return true;
      });

  ASSERT_TRUE(version);
  EXPECT_EQ(*version, "9");
  EXPECT_EQ(names, (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(requests_.at(0).Query("limit"), "2");
  EXPECT_EQ(requests_.at(1).Query("continue"), "t");
}

TEST_F(ClientTest, AsksForMetadataOnly) {
  StartWith({Answer(200, ListOf("", R"({"resourceVersion":"9"})"))});
  EXPECT_TRUE(client_->List(kSecrets, {.metadata_only = true}, [](const Json&) { return true; }));
  EXPECT_EQ(requests_.at(0).headers["accept"],
            "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1");
}

TEST_F(ClientTest, TellsThatAListExpiredInTheMiddle) {
  StartWith({Answer(200, ListOf(Item("a"), R"({"resourceVersion":"9","continue":"t"})")),
             AnswerStatus(410, "Expired", "the continue token is too old")});
  const auto listed = client_->List(kTenants, {}, [](const Json&) { return true; });
  ASSERT_FALSE(listed);
  EXPECT_EQ(listed.error().code, ErrorCode::kConflict);
  EXPECT_EQ(listed.error().reason, "Expired");
}

TEST_F(ClientTest, TellsThatAListWasCutOff) {
  ScriptedReply cut = Answer(200, ListOf(Item("a"), R"({"resourceVersion":"9"})"));
  cut.bytes.resize(cut.bytes.size() - 5);
  cut.then = Then::kClose;
  StartWith({cut});
  const auto listed = client_->List(kTenants, {}, [](const Json&) { return true; });
  ASSERT_FALSE(listed);
  EXPECT_EQ(listed.error().code, ErrorCode::kUnavailable);
}

TEST_F(ClientTest, LeavesOutAnObjectThatIsNestedTooDeep) {
  std::string deep;
  for (int i = 0; i < 200; ++i) {
    deep += R"({"a":)";
  }
  deep += "1" + std::string(200, '}');
  StartWith({Answer(200, ListOf(deep + "," + Item("b"), R"({"resourceVersion":"9"})"))});
  std::vector<std::string> names;
  ASSERT_TRUE(client_->List(kTenants, {}, [&](const Json& object) {
    names.push_back(KeyOf(object).name.value());
    return true;
  }));
  EXPECT_EQ(names, std::vector<std::string>{"b"});
}

std::string Event(const std::string& type, const std::string& name, const std::string& version) {
  return R"({"type":")" + type + R"(","object":{"metadata":{"name":")" + name +
         R"(","resourceVersion":")" + version + "\"}}}";
}

TEST_F(ClientTest, WatchesUntilTheServerEndsIt) {
  StartWith({AnswerWholeStream({Event("ADDED", "a", "5"), Event("DELETED", "a", "6")})});
  std::vector<std::string> versions;
  const auto watched =
      client_->Watch(kTenants, {.resource_version = "4"}, {}, [&](const WatchEvent& event) {
        versions.push_back(event.resource_version);
        return true;
      });
  EXPECT_TRUE(watched);
  EXPECT_EQ(versions, (std::vector<std::string>{"5", "6"}));
  EXPECT_EQ(requests_.at(0).Query("resourceVersion"), "4");
  EXPECT_EQ(requests_.at(0).Query("allowWatchBookmarks"), "true");
}

TEST_F(ClientTest, EndsAWatchWithTheErrorOfItsErrorEvent) {
  StartWith({AnswerWholeStream(
      {R"({"type":"ERROR","object":{"message":"too old","reason":"Expired","code":410}})"})});
  const auto watched = client_->Watch(kTenants, {}, {}, [](const WatchEvent&) { return true; });
  ASSERT_FALSE(watched);
  EXPECT_EQ(watched.error().code, ErrorCode::kConflict);
  EXPECT_EQ(watched.error().reason, "Expired");
}

TEST_F(ClientTest, TellsThatAWatchBroke) {
  StartWith({AnswerStream({Event("ADDED", "a", "5")}, Then::kClose)});
  const auto watched = client_->Watch(kTenants, {}, {}, [](const WatchEvent&) { return true; });
  ASSERT_FALSE(watched);
  EXPECT_EQ(watched.error().code, ErrorCode::kUnavailable);
}

TEST_F(ClientTest, TellsThatAWatchFellSilent) {
  StartWith({AnswerStream({Event("ADDED", "a", "5")}, Then::kStaySilent)});
  const auto watched = client_->Watch(kTenants, {.idle_timeout = milliseconds(50)}, {},
                                      [](const WatchEvent&) { return true; });
  ASSERT_FALSE(watched);
  EXPECT_EQ(watched.error().code, ErrorCode::kUnavailable);
}

TEST_F(ClientTest, EndsAWatchOnStop) {
  StartWith({AnswerStream({Event("ADDED", "a", "5")}, Then::kStaySilent)});
  std::stop_source stop;
  const auto watched = client_->Watch(kTenants, {}, stop.get_token(), [&](const WatchEvent&) {
    stop.request_stop();
    return true;
  });
  ASSERT_FALSE(watched);
  EXPECT_EQ(watched.error().code, ErrorCode::kCancelled);
}

TEST_F(ClientTest, TellsThatNobodyAnswers) {
  Start([](const ScriptedRequest&) { return Answer(200, kObject); });
  server_.reset();
  const Result<Json> object = client_->Get(kTenants, kNs, kName);
  ASSERT_FALSE(object);
  EXPECT_EQ(object.error().code, ErrorCode::kUnavailable);
}

TEST_F(ClientTest, TellsThatTheAnswerToAWriteWasLost) {
  StartWith({{.bytes = "", .then = Then::kClose}});
  const auto created = client_->Create(kSecrets, kNs, {{"metadata", {{"name", "acme"}}}});
  ASSERT_FALSE(created);
  EXPECT_EQ(created.error().code, ErrorCode::kOutcomeUnknown);
}

TEST(DecideRetry, WaitsAsLongAsTheServerAsks) {
  EXPECT_EQ(DecideRetry(429, "2", 0, seconds(30)), milliseconds(2'000));
  EXPECT_EQ(DecideRetry(503, "1", 2, seconds(30)), milliseconds(1'000));
}

TEST(DecideRetry, GivesUpOtherwise) {
  EXPECT_EQ(DecideRetry(429, "2", 3, seconds(30)), std::nullopt);
  EXPECT_EQ(DecideRetry(429, "40", 0, seconds(30)), std::nullopt);
  EXPECT_EQ(DecideRetry(500, "1", 0, seconds(30)), std::nullopt);
  for (const char* header :
       {"", "soon", "-1", "1.5", "99999999999999", "Fri, 31 Dec 2027 23:59:59 GMT"}) {
    EXPECT_EQ(DecideRetry(429, header, 0, seconds(30)), std::nullopt) << header;
  }
}

}  // namespace
}  // namespace tenantry::kube
