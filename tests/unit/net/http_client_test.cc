#include "common/net/http_client.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <string>
#include <vector>

#include "tests/unit/net/raw_server.h"

namespace tenantry::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Kind: Test\r\n\r\nok";

std::unique_ptr<HttpClient> MakeClient(const std::string& url) {
  return HttpClient::Make({.base_url = url}).value();
}

HttpRequest Post(const std::string& body) {
  return {.method = "POST", .path = "/", .body = body, .content_type = "application/json"};
}

TEST(HttpClient, ReturnsStatusHeadersAndBody) {
  const RawServer server([](int, int socket) {
    RawServer::ReadRequest(socket);
    RawServer::Write(socket, kOk);
  });

  const auto response = MakeClient(server.url())->Send({.path = "/a?b=c"});

  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, "ok");
  EXPECT_EQ(response->Header("x-kind"), "Test");
  EXPECT_EQ(response->Header("absent"), "");
}

TEST(HttpClient, SendsRequestAsGiven) {
  std::promise<std::string> seen;
  const RawServer server([&seen](int, int socket) {
    seen.set_value(RawServer::ReadRequest(socket, 2));
    RawServer::Write(socket, kOk);
  });
  HttpRequest request = Post("{}");
  request.path = "/v1/tasks?x=%20";
  request.headers = {{"Authorization", "Bearer abc"}};

  ASSERT_TRUE(MakeClient(server.url() + "/prefix/")->Send(request));

  const std::string text = seen.get_future().get();
  EXPECT_TRUE(text.starts_with("POST /prefix/v1/tasks?x=%20 HTTP/1.1\r\n")) << text;
  EXPECT_NE(text.find("Authorization: Bearer abc\r\n"), std::string::npos) << text;
  EXPECT_NE(text.find("Content-Type: application/json\r\n"), std::string::npos) << text;
  EXPECT_NE(text.find("User-Agent: tenantry/"), std::string::npos) << text;
  EXPECT_TRUE(text.ends_with("\r\n\r\n{}")) << text;
}

TEST(HttpClient, ReusesConnectionForNextRequest) {
  std::atomic<int> connections{0};
  const RawServer server([&connections](int, int socket) {
    ++connections;
    while (!RawServer::ReadRequest(socket).empty()) {
      RawServer::Write(socket, kOk);
    }
  });
  const auto client = MakeClient(server.url());

  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(client->Send({.path = "/"}));
  }

  EXPECT_EQ(connections, 1);
}

TEST(HttpClient, RetriesReadOnFreshConnectionWhenServerClosedKeptOne) {
  const RawServer server([](int number, int socket) {
    RawServer::ReadRequest(socket);
    RawServer::Write(socket, kOk);
    if (number == 0) {
      RawServer::ReadRequest(socket);  // and then closes without an answer
    }
  });
  const auto client = MakeClient(server.url());
  ASSERT_TRUE(client->Send({.path = "/"}));

  const auto second = client->Send({.path = "/"});

  EXPECT_TRUE(second) << second.error().message;
}

TEST(HttpClient, OutcomeIsUnknownWhenServerDropsAfterReadingPost) {
  const RawServer server([](int, int socket) { RawServer::ReadRequest(socket, 2); });

  const auto response = MakeClient(server.url())->Send(Post("{}"));

  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::kOutcomeUnknown);
}

TEST(HttpClient, OutcomeIsUnknownWhenKeptConnectionDropsAfterReadingPost) {
  std::atomic<int> connections{0};
  const RawServer server([&connections](int, int socket) {
    ++connections;
    RawServer::ReadRequest(socket);
    RawServer::Write(socket, kOk);
    RawServer::ReadRequest(socket, 2);
  });
  const auto client = MakeClient(server.url());
  ASSERT_TRUE(client->Send({.path = "/"}));

  const auto response = client->Send(Post("{}"));

  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::kOutcomeUnknown);
  EXPECT_EQ(connections, 1);
}

TEST(HttpClient, ServerIsUnavailableWhenNobodyListens) {
  std::string url;
  {
    const RawServer gone([](int, int) {});
    url = gone.url();
  }

  const auto response = MakeClient(url)->Send(Post("{}"));

  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::kUnavailable);
  EXPECT_NE(response.error().message.find(url), std::string::npos) << response.error().message;
}

TEST(HttpClient, DeadlineEndsCallThatGetsNoAnswer) {
  const RawServer server([](int, int socket) { RawServer::WaitForClose(socket); });
  const auto client = MakeClient(server.url());
  HttpRequest post = Post("{}");
  post.timeout = milliseconds(50);

  const auto read = client->Send({.path = "/", .timeout = milliseconds(50)});
  const auto write = client->Send(post);

  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::kUnavailable);
  ASSERT_FALSE(write);
  EXPECT_EQ(write.error().code, ErrorCode::kOutcomeUnknown);
}

// Each byte comes in time, all of them do not.
TEST(HttpClient, DeadlineEndsCallWhoseAnswerDrips) {
  std::atomic<bool> is_over{false};
  const RawServer server([&is_over](int, int socket) {
    RawServer::ReadRequest(socket);
    RawServer::Write(socket, "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
    while (!is_over) {
      RawServer::Write(socket, "x");
      std::this_thread::sleep_for(milliseconds(1));
    }
  });

  const auto response = MakeClient(server.url())->Send({.path = "/", .timeout = milliseconds(100)});
  is_over = true;

  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::kUnavailable);
}

TEST(HttpClient, RefusesTextThatWouldEndHeaderLine) {
  const auto client = MakeClient("http://127.0.0.1:1");

  for (const HttpRequest& request :
       {HttpRequest{.path = "/a b"}, HttpRequest{.path = "/\r\nX: y"}, HttpRequest{.path = "a"},
        HttpRequest{.path = "/", .headers = {{"A", "b\r\nC: d"}}},
        HttpRequest{.path = "/", .headers = {{"A\n", "b"}}}}) {
    const auto response = client->Send(request);
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().code, ErrorCode::kInvalid);
  }
}

TEST(HttpClient, RefusesUrlThatIsNoServer) {
  for (const char* url : {"", "localhost:80", "ftp://a", "https://", "https://:443", "https://a:b",
                          "https://a:99999", "https://user@host"}) {
    const auto client = HttpClient::Make({.base_url = url});
    ASSERT_FALSE(client) << url;
    EXPECT_EQ(client.error().code, ErrorCode::kInvalid);
  }
}

TEST(HttpClient, SurvivesAnswersThatAreNotHttp) {
  const std::string long_line(100'000, 'x');
  for (const std::string& answer :
       {std::string("hello\r\n\r\n"), "HTTP/1.1 200 " + long_line + "\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: " + long_line + "\r\n\r\n", long_line,
        std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzzz\r\n"),
        std::string("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")}) {
    const RawServer server([&answer](int, int socket) {
      RawServer::ReadRequest(socket);
      RawServer::Write(socket, answer);
    });
    const auto response = MakeClient(server.url())->Send({.path = "/"});
    ASSERT_FALSE(response) << answer.substr(0, 40);
    EXPECT_EQ(response.error().code, ErrorCode::kUnavailable);
  }
}

TEST(HttpClientStream, PassesPiecesOnAsTheyArrive) {
  std::promise<void> first_piece_seen;
  const RawServer server([&first_piece_seen](int, int socket) {
    RawServer::ReadRequest(socket);
    RawServer::Write(socket, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
    first_piece_seen.get_future().wait_for(seconds(10));
    RawServer::Write(socket, "3\r\ntwo\r\n0\r\n\r\n");
  });
  std::vector<std::string> pieces;

  const auto response =
      MakeClient(server.url())->Stream({.path = "/"}, {}, seconds(10), [&](std::string_view piece) {
        pieces.emplace_back(piece);
        if (pieces.size() == 1) {
          first_piece_seen.set_value();
        }
        return true;
      });

  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(pieces, (std::vector<std::string>{"one", "two"}));
}

TEST(HttpClientStream, ReturnsBodyOfErrorStatus) {
  const RawServer server([](int, int socket) {
    RawServer::ReadRequest(socket);
    RawServer::Write(socket, "HTTP/1.1 410 Gone\r\nContent-Length: 4\r\n\r\ngone");
  });

  const auto response =
      MakeClient(server.url())->Stream({.path = "/"}, {}, seconds(10), [](std::string_view) {
        ADD_FAILURE() << "the body of an error is not data";
        return true;
      });

  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 410);
  EXPECT_EQ(response->body, "gone");
}

TEST(HttpClientStream, EndsWellWhenReceiverHasEnough) {
  const RawServer server([](int, int socket) {
    RawServer::ReadRequest(socket);
    RawServer::Write(socket, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
    RawServer::WaitForClose(socket);
  });

  const auto response =
      MakeClient(server.url())->Stream({.path = "/"}, {}, seconds(10), [](std::string_view) {
        return false;
      });

  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 200);
}

TEST(HttpClient, TellsHowLongTheNameOfTheServerTook) {
  const RawServer server([](int, int socket) {
    for (int i = 0; i < 2; ++i) {
      RawServer::ReadRequest(socket);
      RawServer::Write(socket, kOk);
    }
  });
  std::vector<std::string> resolved;
  const auto ask_twice = [&](const std::string& url) {
    const auto client = HttpClient::Make({.base_url = url,
                                          .on_resolved =
                                              [&](const std::string& host,
                                                  std::chrono::steady_clock::duration took) {
                                                EXPECT_GE(took.count(), 0);
                                                resolved.push_back(host);
                                              }})
                            .value();
    EXPECT_TRUE(client->Send({.path = "/"}));
    EXPECT_TRUE(client->Send({.path = "/"}));
  };

  ask_twice(server.url());
  EXPECT_TRUE(resolved.empty()) << "an IP address needs no resolution";
  ask_twice("http://localhost" + server.url().substr(server.url().rfind(':')));
  EXPECT_EQ(resolved, std::vector<std::string>{"localhost"}) << "once for each connection";
}

TEST(HttpClientStream, SilenceEndsItAsUnavailable) {
  const RawServer server([](int, int socket) {
    RawServer::ReadRequest(socket);
    RawServer::Write(socket, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
    RawServer::WaitForClose(socket);
  });

  const auto response =
      MakeClient(server.url())->Stream({.path = "/"}, {}, milliseconds(50), [](std::string_view) {
        return true;
      });

  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(response.error().reason, kSilent);
}

TEST(HttpClientStream, BrokenConnectionEndsItAsUnavailable) {
  const RawServer server([](int, int socket) {
    RawServer::ReadRequest(socket);
    RawServer::Write(socket, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
  });

  const auto response =
      MakeClient(server.url())->Stream({.path = "/"}, {}, seconds(10), [](std::string_view) {
        return true;
      });

  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(response.error().reason, "");
}

TEST(HttpClientStream, StopEndsItWhileServerIsSilent) {
  for (const char* head : {"", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"}) {
    std::promise<void> is_asked;
    const RawServer server([&](int, int socket) {
      RawServer::ReadRequest(socket);
      RawServer::Write(socket, head);
      is_asked.set_value();
      RawServer::WaitForClose(socket);
    });
    std::stop_source stop;
    const auto client = MakeClient(server.url());
    auto response = std::async(std::launch::async, [&] {
      return client->Stream({.path = "/"}, stop.get_token(), seconds(60),
                            [](std::string_view) { return true; });
    });

    is_asked.get_future().wait();
    stop.request_stop();

    const auto result = response.get();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::kCancelled);
  }
}

TEST(PercentEncode, KeepsUnreservedCharactersOnly) {
  EXPECT_EQ(PercentEncode("aZ09-._~"), "aZ09-._~");
  EXPECT_EQ(PercentEncode("a b/c?&=%"), "a%20b%2Fc%3F%26%3D%25");
  EXPECT_EQ(PercentEncode("é"), "%C3%A9");
}

}  // namespace
}  // namespace tenantry::net
