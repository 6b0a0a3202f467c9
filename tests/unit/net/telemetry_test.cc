#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <string>

#include "common/net/http_client.h"
#include "common/net/http_server.h"
#include "common/telemetry/log.h"
#include "common/telemetry/metrics.h"
#include "common/telemetry/probes.h"

namespace tenantry::telemetry {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::internal::CaptureStderr;
using ::testing::internal::GetCapturedStderr;

// What one call writes, with the settings of the test.
template <class Call>
std::string Logged(log::Level level, log::Encoding encoding, const Call& call) {
  log::Configure(level, encoding);
  CaptureStderr();
  call();
  log::Configure(log::Level::kInfo, log::Encoding::kJson);
  return GetCapturedStderr();
}

TEST(Log, WritesOneJsonLine) {
  const std::string line = Logged(log::Level::kInfo, log::Encoding::kJson, [] {
    log::Info("done", {{"name", "acme"}, {"rows", 3}, {"rate", 1.5}, {"ready", true}});
  });

  EXPECT_THAT(line, MatchesRegex("\\{\"ts\":\"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}"
                                 "\\.[0-9]{3}Z\",\"level\":\"info\",\"msg\":\"done\","
                                 "\"name\":\"acme\",\"rows\":3,\"rate\":1.5,\"ready\":true\\}\n"));
}

TEST(Log, EscapesWhatJsonDoesNotAllow) {
  const std::string line = Logged(log::Level::kInfo, log::Encoding::kJson, [] {
    log::Error(
        "a\"b\\c\nd\te\x01"
        "é\xff");
  });

  EXPECT_THAT(line, HasSubstr("\"msg\":\"a\\\"b\\\\c\\nd\\u0009e\\u0001é\xEF\xBF\xBD\"}\n"));
}

TEST(Log, LeavesOutWhatIsBelowItsLevel) {
  const std::string text = Logged(log::Level::kWarn, log::Encoding::kJson, [] {
    log::Info("quiet");
    log::Warn("loud");
  });

  EXPECT_THAT(text, Not(HasSubstr("quiet")));
  EXPECT_THAT(text, HasSubstr("loud"));
}

TEST(Log, WritesForPeopleWhenAsked) {
  const std::string line = Logged(log::Level::kInfo, log::Encoding::kConsole, [] {
    log::Info("two\nlines", {{"name", "a b"}});
  });

  EXPECT_THAT(line, HasSubstr("\tinfo\ttwo\\x0Alines\tname=\"a b\"\n"));
}

TEST(ParseLevel, KnowsFourLevelsAndTwoEncodings) {
  EXPECT_EQ(log::ParseLevel("debug").value(), log::Level::kDebug);
  EXPECT_EQ(log::ParseLevel("error").value(), log::Level::kError);
  EXPECT_EQ(log::ParseEncoding("console").value(), log::Encoding::kConsole);
  EXPECT_THAT(log::ParseLevel("loud").error().message, HasSubstr("debug, info, warn, error"));
  EXPECT_THAT(log::ParseEncoding("xml").error().message, HasSubstr("json, console"));
}

TEST(Registry, WritesItsSeriesAsText) {
  const auto registry = Registry::Make();
  registry->GetCounter("calls_total", "Calls.", {{"kind", "a"}}).Increment();
  registry->GetCounter("calls_total", "Calls.", {{"kind", "a"}}).Increment(2);
  registry->GetGauge("depth", "Depth.").Set(4);
  registry->GetHistogram("seconds", "Time.", {0.1, 1}).Observe(0.5);

  const std::string text = registry->Text();

  EXPECT_EQ(registry->GetCounter("calls_total", "", {{"kind", "a"}}).value(), 3);
  EXPECT_THAT(text, HasSubstr("# TYPE calls_total counter\ncalls_total{kind=\"a\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("depth 4\n"));
  EXPECT_THAT(text, HasSubstr("seconds_bucket{le=\"0.1\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("seconds_bucket{le=\"1\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("seconds_count 1\n"));
}

TEST(Registry, RemovesGaugesOfObjectThatWent) {
  const auto registry = Registry::Make();
  for (const char* name : {"acme", "globex"}) {
    for (const char* type : {"Ready", "Stalled"}) {
      registry->GetGauge("condition", "", {{"name", name}, {"type", type}}).Set(1);
    }
  }

  registry->RemoveGauges("condition", {{"name", "acme"}});
  registry->RemoveGauges("unknown", {});

  const std::string text = registry->Text();
  EXPECT_THAT(text, Not(HasSubstr("acme")));
  EXPECT_THAT(text, HasSubstr("globex"));
}

TEST(Registry, WritesManySeriesInPieces) {
  constexpr int kSeries = 10'000;
  const auto registry = Registry::Make();
  registry->AddComputedGauge("condition", "Conditions.", [](const Registry::Emit& emit) {
    for (int i = 0; i < kSeries; ++i) {
      emit({{"name", "tenant-" + std::to_string(i)}}, i);
    }
  });
  std::size_t longest = 0;
  std::string text;
  int pieces_after_end = -1;

  registry->WriteText([&](std::string_view piece) {
    longest = std::max(longest, piece.size());
    text += piece;
    return true;
  });
  registry->WriteText([&](std::string_view) {
    ++pieces_after_end;
    return false;
  });

  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), std::ranges::count(registry->Text(), '\n'));
  EXPECT_THAT(text, HasSubstr("\ncondition{name=\"tenant-9999\"} 9999\n"));
  EXPECT_LT(longest, 64u << 10);
  EXPECT_EQ(pieces_after_end, 0);
}

TEST(Registry, HasProcessMetrics) {
  const std::string text = Registry::Make()->Text();
  for (const char* name :
       {"process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds",
        "process_max_fds", "process_start_time_seconds", "process_virtual_memory_bytes"}) {
    EXPECT_THAT(text, HasSubstr("\n" + std::string(name) + " ")) << name;
  }
}

TEST(AddProbe, AnswersAsKubernetesDoes) {
  const auto server = net::HttpServer::Make({.bind_address = "127.0.0.1:0"}).value();
  const auto good = [] { return Result<void>(); };
  const auto bad = [] {
    return Result<void>(Error{.code = ErrorCode::kUnavailable, .message = "no cache yet"});
  };
  AddProbe(*server, "/livez", {{"ping", good}});
  AddProbe(*server, "/readyz", {{"ping", good}, {"sync", bad}});
  const auto registry = Registry::Make();
  AddMetrics(*server, *registry);
  ASSERT_TRUE(server->Start());
  const auto client =
      net::HttpClient::Make({.base_url = "http://127.0.0.1:" + std::to_string(server->port())})
          .value();
  const auto ask = [&client](const std::string& path) {
    const auto response = client->Send({.path = path}).value();
    return std::to_string(response.status) + " " + response.body;
  };

  EXPECT_EQ(ask("/livez"), "200 ok");
  EXPECT_EQ(ask("/livez?verbose"), "200 [+]ping ok\nlivez check passed\n");
  EXPECT_EQ(ask("/readyz"), "500 [+]ping ok\n[-]sync failed: no cache yet\nreadyz check failed\n");
  EXPECT_THAT(ask("/metrics"), HasSubstr("process_open_fds"));
}

TEST(AddMetrics, BringsThemUpToDateForWhoMayReadThem) {
  const auto server = net::HttpServer::Make({.bind_address = "127.0.0.1:0"}).value();
  const auto registry = Registry::Make();
  Gauge& age = registry->GetGauge("age_seconds", "");
  std::atomic<int> refreshed = 0;
  AddMetrics(*server, *registry,
             {.before_scrape = [&] { age.Set(++refreshed); },
              .authorize =
                  [](const net::ServerRequest& request) {
                    return request.query == "key=right"
                               ? std::nullopt
                               : std::optional(net::ServerResponse{.status = 403, .body = "no"});
                  }});
  ASSERT_TRUE(server->Start());
  const auto client =
      net::HttpClient::Make({.base_url = "http://127.0.0.1:" + std::to_string(server->port())})
          .value();

  const auto refused = client->Send({.path = "/metrics"});
  const auto answered = client->Send({.path = "/metrics?key=right"});

  ASSERT_TRUE(refused && answered);
  EXPECT_EQ(refused->status, 403);
  EXPECT_EQ(refused->body, "no");
  EXPECT_EQ(answered->status, 200);
  EXPECT_THAT(answered->body, HasSubstr("age_seconds 1\n")) << "nobody else's scrape counts";
}

}  // namespace
}  // namespace tenantry::telemetry
