#include "common/net/http_server.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/unit/net/raw_server.h"

namespace tenantry::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A plain server with the handlers of the test and a client for it.
struct Site {
  explicit Site(HttpServerOptions options = {}) {
    options.bind_address = "127.0.0.1:0";
    server = HttpServer::Make(std::move(options)).value();
  }
  void Start() {
    const auto started = server->Start();
    ASSERT_TRUE(started) << started.error().message;
    client = HttpClient::Make({.base_url = "http://127.0.0.1:" + std::to_string(server->port())})
                 .value();
  }
  // Sends bytes as they are and returns the whole answer until the server closes.
  std::string Raw(const std::string& bytes) const {
    const auto deadline = std::chrono::steady_clock::now() + seconds(20);
    const UniqueFd socket =
        ConnectTcp({.host = "127.0.0.1", .port = server->port()}, -1, deadline).value();
    RawServer::Write(socket.get(), bytes);
    shutdown(socket.get(), SHUT_WR);
    std::string answer;
    char byte = 0;
    while (WaitFor(socket.get(), POLLIN, -1, deadline) == WaitOutcome::kReady &&
           recv(socket.get(), &byte, 1, 0) == 1) {
      answer += byte;
    }
    return answer;
  }

  std::unique_ptr<HttpServer> server;
  std::unique_ptr<HttpClient> client;
};

ServerResponse Echo(const ServerRequest& request) {
  return {.body = request.method + " " + request.path + " ?" + request.query + " *" +
                  request.path_parameter + " " + request.body};
}

TEST(HttpServer, FindsHandlerByMethodAndPattern) {
  Site site;
  for (const char* method : {"GET", "POST", "DELETE"}) {
    site.server->Handle(method, "/v1/tasks/*", Echo);
  }
  site.server->Handle("GET", "/v1/tasks", Echo);
  site.Start();

  const auto ask = [&site](const std::string& method, const std::string& path,
                           const std::string& body = "") {
    const auto response = site.client->Send({.method = method, .path = path, .body = body});
    return response ? std::to_string(response->status) + " " + response->body
                    : response.error().message;
  };

  EXPECT_EQ(ask("GET", "/v1/tasks?a=b&c"), "200 GET /v1/tasks ?a=b&c * ");
  EXPECT_EQ(ask("GET", "/v1/tasks/x%20y"), "200 GET /v1/tasks/x y ? *x y ");
  EXPECT_EQ(ask("POST", "/v1/tasks/a", "hello"), "200 POST /v1/tasks/a ? *a hello");
  EXPECT_EQ(ask("DELETE", "/v1/tasks/a"), "200 DELETE /v1/tasks/a ? *a ");
  EXPECT_TRUE(ask("GET", "/v1/tasks/").starts_with("404"));
  EXPECT_TRUE(ask("GET", "/v1/tasks/a/b").starts_with("404"));
  EXPECT_TRUE(ask("GET", "/other").starts_with("404"));
  EXPECT_TRUE(ask("PUT", "/v1/tasks/a", "x").starts_with("405"));
}

TEST(HttpServer, RefusesTooLargeBodyWith413AndServesOn) {
  Site site({.max_body_bytes = 1000});
  site.server->Handle("POST", "/", Echo);
  site.Start();
  const auto post = [&site](std::size_t size) {
    return site.client->Send({.method = "POST", .path = "/", .body = std::string(size, 'x')});
  };

  const auto too_large = post(1'000'000);
  const auto fitting = post(1000);

  ASSERT_TRUE(too_large) << too_large.error().message;
  EXPECT_EQ(too_large->status, 413);
  ASSERT_TRUE(fitting) << fitting.error().message;
  EXPECT_EQ(fitting->status, 200);
}

TEST(HttpServer, AnswersExceptionOfHandlerWith500AndReportsIt) {
  std::mutex mutex;
  std::string reported;
  Site site({.on_error = [&](const std::string& text) {
    const std::lock_guard lock(mutex);
    reported += text;
  }});
  site.server->Handle(
      "GET", "/", [](const ServerRequest&) -> ServerResponse { throw std::runtime_error("boom"); });
  site.Start();

  const auto response = site.client->Send({.path = "/"});

  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 500);
  EXPECT_EQ(response->body.find("boom"), std::string::npos);
  const std::lock_guard lock(mutex);
  EXPECT_NE(reported.find("boom"), std::string::npos);
}

TEST(HttpServer, AnswersOnlySoundRequests) {
  Site site;
  site.server->Handle("GET", "/", Echo);
  site.server->Handle("POST", "/", Echo);
  site.Start();
  const auto status = [&site](const std::string& bytes) {
    const std::string answer = site.Raw(bytes);
    return answer.size() < 12 ? answer : answer.substr(9, 3);
  };
  std::string ranges;
  for (int i = 0; i < 1000; ++i) {
    ranges += "0-1,";
  }
  const std::string long_text(100'000, 'x');

  EXPECT_EQ(status("GET / HTTP/1.1\r\n\r\n"), "200");
  EXPECT_EQ(status("GET / HTTP/1.1\r\nRange: bytes=0-1\r\n\r\n"), "200");
  EXPECT_EQ(status("GET / HTTP/1.1\r\nAccept-Encoding: gzip\r\n\r\n"), "200");
  EXPECT_EQ(status("nonsense\r\n\r\n"), "400");
  EXPECT_EQ(status("GET /" + std::string(2000, 'a') + " HTTP/1.1\r\n\r\n"), "414");
  EXPECT_EQ(status("GET / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc"), "400");
  EXPECT_EQ(status("POST / HTTP/1.1\r\n\r\nabc"), "411");
  EXPECT_EQ(status("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), "411");
  EXPECT_EQ(status("POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n"), "400");
  EXPECT_EQ(status("POST / HTTP/1.1\r\nContent-Length: 3x\r\n\r\nabc"), "400");
  EXPECT_EQ(status("POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n"), "413");
  EXPECT_EQ(status("POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"), "411");
  EXPECT_EQ(status("POST / HTTP/1.1\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\na"),
            "415");
  EXPECT_EQ(status("POST / HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=a\r\n"
                   "Content-Length: 1\r\n\r\na"),
            "415");
  EXPECT_EQ(status("POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc"), "400");
  EXPECT_EQ(status("GET / HTTP/1.1\r\nRange: bytes=" + ranges + "0-1\r\n\r\n"), "200");
  // More than the server collects of a head: it hangs up.
  EXPECT_NE(status("GET /" + long_text + " HTTP/1.1\r\n\r\n"), "200");
  EXPECT_NE(status("GET / HTTP/1.1\r\nX: " + long_text + "\r\n\r\n"), "200");
  EXPECT_NE(status(long_text), "200");
}

TEST(HttpServer, StreamsUntilHandlerHasNoMore) {
  Site site;
  site.server->Handle("GET", "/", [](const ServerRequest&) {
    return ServerResponse{
        .content_type = "application/x-ndjson",
        .next_chunk = [i = 0](const std::stop_token&) mutable -> std::optional<std::string> {
          ++i;
          if (i == 4) {
            return std::nullopt;
          }
          return i == 2 ? "" : std::to_string(i) + "\n";
        }};
  });
  site.Start();
  std::string all;

  const auto response =
      site.client->Stream({.path = "/"}, {}, seconds(10), [&all](std::string_view piece) {
        all += piece;
        return true;
      });

  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(all, "1\n3\n");
  EXPECT_EQ(response->Header("content-type"), "application/x-ndjson");
}

TEST(HttpServer, WritesLargeBodyInPieces) {
  constexpr int kPieces = 1000;
  const std::string piece(10'000, 'x');
  Site site;
  site.server->Handle("GET", "/", [&piece](const ServerRequest&) {
    return ServerResponse{.write_body = [&piece](const BodySink& write) {
      for (int i = 0; i < kPieces; ++i) {
        write(piece);
      }
    }};
  });
  site.server->Handle("GET", "/broken", [](const ServerRequest&) {
    return ServerResponse{.write_body = [](const BodySink& write) {
      write("begun");
      throw std::runtime_error("cannot go on");
    }};
  });
  site.Start();

  const auto whole = site.client->Send({.path = "/"});
  const auto again = site.client->Send({.path = "/"});
  const auto broken = site.client->Send({.path = "/broken"});

  ASSERT_TRUE(whole) << whole.error().message;
  EXPECT_EQ(whole->body.size(), kPieces * piece.size());
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->body, whole->body);
  EXPECT_FALSE(broken);
}

TEST(HttpServer, StopEndsStreamsAndIdleConnections) {
  Site site;
  site.server->Handle("GET", "/", Echo);
  site.server->Handle("GET", "/stream", [](const ServerRequest&) {
    return ServerResponse{
        .next_chunk = [](const std::stop_token& stop) -> std::optional<std::string> {
          if (stop.stop_requested()) {
            return std::nullopt;
          }
          std::this_thread::sleep_for(milliseconds(1));
          return "x";
        }};
  });
  site.Start();
  ASSERT_TRUE(site.client->Send({.path = "/"}));  // keeps its connection
  std::promise<void> is_streaming;
  auto stream = std::async(std::launch::async, [&] {
    bool is_first = true;
    return site.client->Stream({.path = "/stream"}, {}, seconds(60), [&](std::string_view) {
      if (std::exchange(is_first, false)) {
        is_streaming.set_value();
      }
      return true;
    });
  });
  is_streaming.get_future().wait();

  auto stopped = std::async(std::launch::async, [&] { site.server->Stop(); });

  EXPECT_EQ(stopped.wait_for(seconds(20)), std::future_status::ready);
  EXPECT_TRUE(stream.get());
  EXPECT_FALSE(site.client->Send({.path = "/"}));
}

TEST(HttpServer, StreamEndsWhenPeerHasGone) {
  Site site;
  auto ended = std::make_shared<std::promise<void>>();
  site.server->Handle("GET", "/", [ended](const ServerRequest&) {
    // Destroyed with the last copy of the handler's function: when the answer is over.
    const std::shared_ptr<void> witness(nullptr, [ended](void*) { ended->set_value(); });
    return ServerResponse{
        .next_chunk = [witness](const std::stop_token&) -> std::optional<std::string> {
          std::this_thread::sleep_for(milliseconds(1));
          return "";
        }};
  });
  site.Start();

  std::stop_source stop;
  auto stream = std::async(std::launch::async, [&] {
    return site.client->Stream({.path = "/", .timeout = milliseconds(100)}, stop.get_token(),
                               milliseconds(100), [](std::string_view) { return true; });
  });

  EXPECT_FALSE(stream.get());
  EXPECT_EQ(ended->get_future().wait_for(seconds(20)), std::future_status::ready);
}

TEST(HttpServer, MakesRoomByClosingIdleConnections) {
  Site site({.max_threads = 2});
  site.server->Handle("GET", "/", Echo);
  site.Start();
  std::vector<std::unique_ptr<HttpClient>> clients;

  for (int i = 0; i < 6; ++i) {
    clients.push_back(
        HttpClient::Make({.base_url = "http://127.0.0.1:" + std::to_string(site.server->port())})
            .value());
    const auto response = clients.back()->Send({.path = "/", .timeout = seconds(20)});
    EXPECT_TRUE(response) << response.error().message;
  }
  for (const auto& client : clients) {
    const auto response = client->Send({.path = "/", .timeout = seconds(20)});
    EXPECT_TRUE(response) << response.error().message;
  }
}

TEST(HttpServer, ServesManyRequestsAtOnce) {
  Site site;
  site.server->Handle("POST", "/", Echo);
  site.Start();
  std::atomic<int> good{0};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 8; ++t) {
      threads.emplace_back([&site, &good, t] {
        for (int i = 0; i < 50; ++i) {
          const std::string body = std::to_string(t) + "/" + std::to_string(i);
          const auto response = site.client->Send({.method = "POST", .path = "/", .body = body});
          good += response && response->body == "POST / ? * " + body ? 1 : 0;
        }
      });
    }
  }
  EXPECT_EQ(good, 400);
}

TEST(HttpServer, NamesAddressThatIsTaken) {
  Site first;
  first.Start();
  const std::string address = "127.0.0.1:" + std::to_string(first.server->port());
  const auto second = HttpServer::Make({.bind_address = address}).value();

  const auto started = second->Start();

  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, ErrorCode::kInvalid);
  EXPECT_NE(started.error().message.find(address), std::string::npos) << started.error().message;
}

TEST(HttpServer, RefusesAddressThatIsNone) {
  for (const char* address : {"", "8080", "host", "host:port", ":70000", "::1:80"}) {
    EXPECT_FALSE(HttpServer::Make({.bind_address = address})) << address;
  }
}

}  // namespace
}  // namespace tenantry::net
