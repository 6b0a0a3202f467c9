#include "tests/support/http_proxy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>

#include "common/net/http_client.h"
#include "common/net/http_server.h"
#include "tests/support/certificates.h"
#include "tests/support/cluster.h"

namespace tenantry::testing {
namespace {

using Kind = HttpFault::Kind;
using net::HttpResponse;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;

// A server that counts the POSTs it has got and streams lines "0" to "4", behind a proxy with TLS.
class HttpProxyTest : public ::testing::Test {
 protected:
  HttpProxyTest() : authority_(MakeAuthority("test")) {
    server_ = net::HttpServer::Make({.bind_address = "127.0.0.1:0"}).value();
    server_->Handle("GET", "/count", [this](const net::ServerRequest&) {
      return net::ServerResponse{.body = std::to_string(posts_)};
    });
    server_->Handle("POST", "/things", [this](const net::ServerRequest& request) {
      ++posts_;
      return net::ServerResponse{.status = 201, .body = "made " + request.body};
    });
    server_->Handle("GET", "/v1/events", [](const net::ServerRequest&) {
      auto line = std::make_shared<int>(0);
      return net::ServerResponse{
          .next_chunk = [line](const std::stop_token&) -> std::optional<std::string> {
            return *line == 5 ? std::nullopt
                              : std::optional("line " + std::to_string((*line)++) + "\n");
          }};
    });
    EXPECT_TRUE(server_->Start());
    const KeyPair leaf = MakeLeaf(authority_, {.ip = "127.0.0.1"});
    proxy_ = std::make_unique<HttpProxy>(HttpProxyOptions{
        .host = "127.0.0.1",
        .port = server_->port(),
        .server = {.certificate_pem = leaf.certificate_pem, .key_pem = leaf.key_pem},
        .target_has_tls = false});
    client_ =
        net::HttpClient::Make({.base_url = "https://127.0.0.1:" + std::to_string(proxy_->port()),
                               .tls = {.ca_pem = authority_.certificate_pem}})
            .value();
  }

  Result<HttpResponse> Get(const std::string& path) { return client_->Send({.path = path}); }
  Result<HttpResponse> Post(seconds patience = seconds(30)) {
    return client_->Send({.method = "POST", .path = "/things", .body = "x", .timeout = patience});
  }
  // The stream's text and "…" when it broke off.
  std::string Stream(milliseconds idle = seconds(30)) {
    std::string text;
    const auto ended =
        client_->Stream({.path = "/v1/events"}, {}, idle, [&](std::string_view data) {
          text += data;
          return true;
        });
    return ended ? text : text + "…";
  }

  const KeyPair authority_;
  std::atomic<int> posts_ = 0;
  std::unique_ptr<net::HttpServer> server_;
  std::unique_ptr<HttpProxy> proxy_;
  std::unique_ptr<net::HttpClient> client_;
};

TEST_F(HttpProxyTest, ForwardsCallsAndStreams) {
  const auto made = Post();
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->status, 201);
  EXPECT_EQ(made->body, "made x");
  EXPECT_EQ(Get("/count")->body, "1");
  EXPECT_EQ(Stream(), "line 0\nline 1\nline 2\nline 3\nline 4\n");
  EXPECT_EQ(Get("/count")->body, "1") << "after a stream, too";
  EXPECT_TRUE(proxy_->Befallen().empty());
}

TEST_F(HttpProxyTest, AnswersInsteadOfTheServer) {
  proxy_->Add({.pattern = "^POST /things",
               .fault = {.kind = Kind::kAnswer, .status = 429, .retry_after = seconds(7)},
               .times = 2,
               .skip = 1});
  EXPECT_EQ(Post()->status, 201);
  for (int i = 0; i < 2; ++i) {
    const auto refused = Post();
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->status, 429);
    EXPECT_EQ(refused->Header("retry-after"), "7");
    EXPECT_NE(refused->body.find("TooManyRequests"), std::string::npos);
  }
  EXPECT_EQ(Post()->status, 201);
  EXPECT_EQ(posts_, 2);
  EXPECT_THAT(proxy_->Befallen(),
              ElementsAre("POST /things: answer 429", "POST /things: answer 429"));
}

TEST_F(HttpProxyTest, CutsBeforeAndAfterTheRequestIsDone) {
  proxy_->Add({.pattern = "POST", .fault = {.kind = Kind::kCutBefore, .reset = true}});
  EXPECT_FALSE(Post());
  EXPECT_EQ(posts_, 0);
  proxy_->Add({.pattern = "POST", .fault = {.kind = Kind::kCutAfter}});
  const auto lost = Post();
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().code, ErrorCode::kOutcomeUnknown);
  EXPECT_EQ(posts_, 1);
}

TEST_F(HttpProxyTest, TruncatesHalfClosesAndHangs) {
  for (const Kind kind : {Kind::kTruncate, Kind::kHalfClose, Kind::kHang}) {
    proxy_->Add({.pattern = "POST", .fault = {.kind = kind, .time = hours(1), .bytes = 3}});
    EXPECT_FALSE(Post(seconds(1)));
  }
  EXPECT_EQ(posts_, 2) << "what hangs is not forwarded";
  EXPECT_EQ(Post()->status, 201);
}

TEST_F(HttpProxyTest, AnswersAReadAsLongAgo) {
  EXPECT_EQ(Get("/count")->body, "0");
  EXPECT_EQ(Post()->status, 201);
  proxy_->Add({.pattern = "GET /count", .fault = {.kind = Kind::kStale}});
  EXPECT_EQ(Get("/count")->body, "0");
  EXPECT_EQ(Get("/count")->body, "1");
}

TEST_F(HttpProxyTest, SpoilsStreams) {
  proxy_->Add({.pattern = "events", .fault = {.kind = Kind::kSwap, .line = 1}});
  EXPECT_EQ(Stream(), "line 0\nline 2\nline 1\nline 3\nline 4\n");
  proxy_->Add({.pattern = "events", .fault = {.kind = Kind::kCutLine, .line = 1}});
  EXPECT_EQ(Stream(), "line 0\nlin…");
  proxy_->Add({.pattern = "events", .fault = {.kind = Kind::kSilent, .line = 1}});
  EXPECT_EQ(Stream(milliseconds(300)), "line 0\n…");
  proxy_->Add({.pattern = "events", .fault = {.kind = Kind::kGone, .line = 0}});
  EXPECT_NE(Stream().find("410"), std::string::npos);
  EXPECT_EQ(Stream(), "line 0\nline 1\nline 2\nline 3\nline 4\n");
}

TEST_F(HttpProxyTest, TellsOfEachWriteBeforeAndAfter) {
  Mutex mutex;
  std::vector<std::string> told;
  proxy_->OnWrite([&](const HttpProxy::Write& write, HttpProxy::Moment moment) {
    const MutexLock lock(mutex);
    const bool before = moment == HttpProxy::Moment::kBefore;
    told.push_back((before ? "before " : "after ") + std::to_string(write.number) + " " +
                   write.method + " " + write.target + ": " + std::to_string(posts_));
    return HttpProxy::Then::kGoOn;
  });
  EXPECT_EQ(Get("/count")->body, "0");
  EXPECT_EQ(Post()->status, 201);
  const MutexLock lock(mutex);
  EXPECT_THAT(told, ElementsAre("before 1 POST /things: 0", "after 1 POST /things: 1"));
  EXPECT_EQ(proxy_->writes(), 1);
}

TEST_F(HttpProxyTest, LeavesAWriteUndoneWhenToldSo) {
  proxy_->OnWrite([](const HttpProxy::Write&, HttpProxy::Moment) { return HttpProxy::Then::kCut; });
  EXPECT_FALSE(Post());
  EXPECT_EQ(posts_, 0);
}

TEST_F(HttpProxyTest, ComesBackWithItsServer) {
  EXPECT_EQ(Get("/count")->body, "0");
  proxy_->CutAll(Cut::kReset);
  proxy_->SetDoor(Acceptor::Door::kShut);
  EXPECT_FALSE(Get("/count"));
  proxy_->SetDoor(Acceptor::Door::kOpen);
  EXPECT_EQ(Get("/count")->body, "0");
}

}  // namespace
}  // namespace tenantry::testing
