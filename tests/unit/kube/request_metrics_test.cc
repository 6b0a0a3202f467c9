// What the client tells of its own calls, and its limit.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "common/telemetry/metrics.h"
#include "operator/kube/client.h"
#include "tests/unit/kube/scripted_server.h"

namespace tenantry::kube {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;

const api::Namespace kNs("platform");
const api::Name kName("acme");

class RequestMetricsTest : public ::testing::Test {
 protected:
  void Start(std::vector<ScriptedReply> replies, const ClientOptions& options = {},
             milliseconds call_timeout = seconds(20)) {
    server_.emplace(
        [replies = std::move(replies), next = std::size_t{0}](const ScriptedRequest&) mutable {
          return replies.at(std::min(next++, replies.size() - 1));
        });
    host_ = server_->url().substr(7);
    host_.replace(0, host_.find(':'), "localhost");
    Config config;
    config.server = "http://" + host_;
    config.call_timeout = call_timeout;
    client_ = Client::Make(config, *metrics_, options).value();
  }
  // One sample of a series of this host and method, as it is written.
  std::string Sample(const std::string& name, const std::string& method,
                     const std::string& value) const {
    return name + "{host=\"" + host_ + "\",verb=\"" + method + "\"} " + value + "\n";
  }

  std::unique_ptr<telemetry::Registry> metrics_ = telemetry::Registry::Make();
  std::string host_;
  std::optional<ScriptedServer> server_;
  std::unique_ptr<Client> client_;
};

constexpr char kObject[] = R"({"metadata":{"name":"acme"}})";

TEST_F(RequestMetricsTest, TellsOfCodesSizesAndTimes) {
  Start({Answer(200, kObject), Answer(200, kObject), AnswerStatus(404, "NotFound", "gone")});

  EXPECT_TRUE(client_->Get(kTenants, kNs, kName));
  EXPECT_TRUE(client_->Create(kTenants, kNs, Json{{"a", std::string(992, 'x')}}));  // 1000 bytes
  EXPECT_FALSE(client_->Get(kTenants, kNs, kName));

  const std::string text = metrics_->Text();
  EXPECT_THAT(text, HasSubstr("rest_client_requests_total{code=\"404\",host=\"" + host_ +
                              "\",method=\"GET\"} 1\n"));
  EXPECT_THAT(text, HasSubstr(Sample("rest_client_request_duration_seconds_count", "GET", "2")));
  EXPECT_THAT(text, HasSubstr(Sample("rest_client_request_size_bytes_sum", "GET", "0")));
  EXPECT_THAT(text, HasSubstr(Sample("rest_client_request_size_bytes_sum", "POST", "1000")));
  EXPECT_THAT(text, HasSubstr(Sample("rest_client_response_size_bytes_count", "GET", "2")));
  EXPECT_THAT(text, HasSubstr(Sample("rest_client_response_size_bytes_sum", "POST",
                                     std::to_string(sizeof kObject - 1))));
  EXPECT_THAT(text, Not(HasSubstr("rest_client_rate_limiter_duration_seconds")));
}

TEST_F(RequestMetricsTest, TellsHowLongTheNameOfTheServerTook) {
  Start({Answer(200, kObject)});

  EXPECT_TRUE(client_->Get(kTenants, kNs, kName));
  EXPECT_TRUE(client_->Get(kTenants, kNs, kName));

  EXPECT_THAT(
      metrics_->Text(),
      HasSubstr("rest_client_dns_resolution_duration_seconds_count{host=\"localhost\"} 1\n"));
}

TEST_F(RequestMetricsTest, CountsTheBytesOfAStreamButNotItsTime) {
  const std::string line = R"({"type":"ADDED","object":{"metadata":{"name":"acme"}}})";
  Start({AnswerWholeStream({line, line})});

  EXPECT_TRUE(client_->Watch(kTenants, {}, {}, [](const WatchEvent&) { return true; }));

  const std::string text = metrics_->Text();
  EXPECT_THAT(text, HasSubstr(Sample("rest_client_response_size_bytes_sum", "GET",
                                     std::to_string(2 * (line.size() + 1)))));
  EXPECT_THAT(text, HasSubstr(Sample("rest_client_request_duration_seconds_count", "GET", "0")));
}

TEST_F(RequestMetricsTest, WaitsForTheLimitOfTheClient) {
  Start({Answer(200, kObject)}, {.qps = 20, .burst = 1});

  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(client_->Get(kTenants, kNs, kName));
  }

  EXPECT_THAT(metrics_->Text(),
              HasSubstr(Sample("rest_client_rate_limiter_duration_seconds_count", "GET", "3")));
}

TEST_F(RequestMetricsTest, FailsACallThatTheLimitLeavesNoTime) {
  Start({Answer(200, kObject)}, {.qps = 0.001, .burst = 1}, seconds(5));
  EXPECT_TRUE(client_->Get(kTenants, kNs, kName));

  const Result<Json> limited = client_->Get(kTenants, kNs, kName);

  ASSERT_FALSE(limited);
  EXPECT_EQ(limited.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(limited.error().message, HasSubstr("limit"));
}

TEST_F(RequestMetricsTest, StopsAWatchThatWaitsForTheLimit) {
  Start({Answer(200, kObject)}, {.qps = 0.1, .burst = 1});
  EXPECT_TRUE(client_->Get(kTenants, kNs, kName));
  std::stop_source stop;
  stop.request_stop();

  const Result<void> watched =
      client_->Watch(kTenants, {}, stop.get_token(), [](const WatchEvent&) { return true; });

  ASSERT_FALSE(watched);
  EXPECT_EQ(watched.error().code, ErrorCode::kCancelled);
}

}  // namespace
}  // namespace tenantry::kube
