#include "agent/load/url_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>

#include "common/base/sha256.h"
#include "tests/unit/net/raw_server.h"

namespace tenantry::load {
namespace {

using net::RawServer;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kText[] = "id,name\n1,one\n2,two\n";

std::string Answer(const std::string& status, const std::string& fields, const std::string& body) {
  return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\nConnection: close\r\n" + fields + "\r\n" + body;
}

UrlRequest RequestFor(const std::string& url) {
  return {.url = url,
          .private_addresses = PrivateAddresses::kAllowed,
          .connect_timeout = std::chrono::seconds(5),
          .silence_timeout = std::chrono::seconds(5),
          .attempts = 3,
          .first_delay = std::chrono::milliseconds(1)};
}

// What the source reads, or the error's message.
std::string Fetched(const UrlRequest& request, std::stop_token stop = {}) {
  const Result<PathSource> fetched = FetchUrl(request, {}, std::move(stop));
  if (!fetched) {
    return fetched.error().message;
  }
  std::string text;
  const auto stream = fetched->source->Read();
  for (;;) {
    const Result<std::string_view> piece = stream->Next();
    if (!piece || piece->empty()) {
      EXPECT_EQ(fetched->bytes, static_cast<std::int64_t>(text.size()));
      return text;
    }
    text += *piece;
  }
}

TEST(FetchUrl, ReadsAFile) {
  RawServer server([](int, int socket) {
    RawServer::ReadRequest(socket);
    RawServer::Write(socket, Answer("200 OK", "", kText));
  });
  UrlRequest request = RequestFor(server.url() + "/a.csv?token=secret");
  EXPECT_EQ(Fetched(request), kText);
  request.sha256 = Sha256Hex(kText);
  EXPECT_EQ(Fetched(request), kText);
}

TEST(FetchUrl, AnEmptyFileIsOne) {
  RawServer server([](int, int socket) {
    RawServer::ReadRequest(socket);
    RawServer::Write(socket, Answer("200 OK", "", ""));
  });
  EXPECT_EQ(Fetched(RequestFor(server.url() + "/a.csv")), "");
}

TEST(FetchUrl, RefusesAnotherHash) {
  RawServer server([](int, int socket) {
    RawServer::ReadRequest(socket);
    RawServer::Write(socket, Answer("200 OK", "", kText));
  });
  UrlRequest request = RequestFor(server.url() + "/a.csv?token=secret");
  request.sha256 = Sha256Hex("another");
  EXPECT_THAT(Fetched(request), HasSubstr("has the SHA-256 " + Sha256Hex(kText)));
  EXPECT_THAT(Fetched(request), Not(HasSubstr("secret")));
}

// Sends the first half, then hangs up; goes on as asked for if the validator fits.
class CutServer {
 public:
  explicit CutServer(std::string fields, std::string later_fields)
      : server_([this, fields = std::move(fields), later = std::move(later_fields)](int connection,
                                                                                    int socket) {
          const std::string request = RawServer::ReadRequest(socket);
          const std::string text = kText;
          if (connection == 0) {
            RawServer::Write(socket, Answer("200 OK", fields, text).substr(0, Cut(fields, text)));
            return;
          }
          const bool same = fields == later && !fields.empty();
          if (same && request.find("Range: bytes=10-\r\n") != std::string::npos &&
              request.find("If-Range: \"1\"\r\n") != std::string::npos) {
            ++ranges_;
            RawServer::Write(
                socket, Answer("206 Partial Content", later + "Content-Range: bytes 10-19/20\r\n",
                               text.substr(10)));
            return;
          }
          RawServer::Write(socket, Answer("200 OK", later, text));
        }) {}

  std::string url() const { return server_.url(); }
  int ranges() const { return ranges_; }

 private:
  static std::size_t Cut(const std::string& fields, const std::string& text) {
    return Answer("200 OK", fields, text).size() - text.size() + 10;
  }

  std::atomic<int> ranges_ = 0;
  RawServer server_;
};

TEST(FetchUrl, GoesOnWhereATransferWasCut) {
  const CutServer server("ETag: \"1\"\r\n", "ETag: \"1\"\r\n");
  UrlRequest request = RequestFor(server.url() + "/a.csv");
  request.sha256 = Sha256Hex(kText);
  EXPECT_EQ(Fetched(request), kText);
  EXPECT_EQ(server.ranges(), 1);
}

TEST(FetchUrl, BeginsAnewWhenTheFileHasChanged) {
  const CutServer server("ETag: \"1\"\r\n", "ETag: \"2\"\r\n");
  EXPECT_EQ(Fetched(RequestFor(server.url() + "/a.csv")), kText);
  EXPECT_EQ(server.ranges(), 0);
}

TEST(FetchUrl, BeginsAnewWithoutAValidator) {
  for (const char* fields : {"", "ETag: W/\"1\"\r\n"}) {
    const CutServer server(fields, fields);
    UrlRequest request = RequestFor(server.url() + "/a.csv");
    request.sha256 = Sha256Hex(kText);
    EXPECT_EQ(Fetched(request), kText) << fields;
    EXPECT_EQ(server.ranges(), 0);
  }
}

TEST(FetchUrl, GivesUpAfterItsAttempts) {
  std::atomic<int> connections = 0;
  RawServer server([&](int, int socket) {
    RawServer::ReadRequest(socket);
    ++connections;
    RawServer::Write(socket, Answer("503 Service Unavailable", "", ""));
  });
  const Result<PathSource> fetched = FetchUrl(RequestFor(server.url() + "/a.csv"), {}, {});
  ASSERT_FALSE(fetched);
  EXPECT_EQ(fetched.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(fetched.error().message, HasSubstr("/a.csv cannot be read: the server answers 503"));
  EXPECT_EQ(connections, 3);
}

TEST(FetchUrl, SaysWhatTheServerRefuses) {
  RawServer server([](int, int socket) {
    const std::string request = RawServer::ReadRequest(socket);
    const bool missing = request.starts_with("GET /none");
    RawServer::Write(socket, Answer(missing ? "404 Not Found" : "401 Unauthorized", "", "a page"));
  });
  EXPECT_THAT(Fetched(RequestFor(server.url() + "/none")), HasSubstr("answers 404. Correct"));
  EXPECT_THAT(Fetched(RequestFor(server.url() + "/a")), HasSubstr("Correct the user and password"));
}

TEST(FetchUrl, RefusesMoreThanTheLimit) {
  RawServer server([](int, int socket) {
    RawServer::ReadRequest(socket);
    RawServer::Write(socket, Answer("200 OK", "", kText));
  });
  UrlRequest request = RequestFor(server.url() + "/a.csv");
  request.size_limit_bytes = 19;
  EXPECT_THAT(Fetched(request), HasSubstr("is larger than the limit of 19 bytes"));
  request.size_limit_bytes = 20;
  EXPECT_EQ(Fetched(request), kText);
}

TEST(FetchUrl, RefusesPrivateAddressesWithoutConnecting) {
  std::atomic<int> connections = 0;
  RawServer server([&](int, int socket) {
    ++connections;
    RawServer::ReadRequest(socket);
    RawServer::Write(socket, Answer("200 OK", "", kText));
  });
  UrlRequest request = RequestFor(server.url() + "/a.csv");
  request.private_addresses = PrivateAddresses::kRefused;
  EXPECT_THAT(Fetched(request), HasSubstr("leads to 127.0.0.1, an address of this machine"));
  request.url = "http://localhost" + server.url().substr(server.url().rfind(':')) + "/a.csv";
  EXPECT_THAT(Fetched(request), HasSubstr("an address of this machine"));
  EXPECT_EQ(connections, 0);
}

TEST(FetchUrl, FollowsRedirectsAndKeepsTheTokenFromOtherHosts) {
  std::string asked;
  RawServer target([&](int, int socket) {
    asked = RawServer::ReadRequest(socket);
    RawServer::Write(socket, Answer("200 OK", "", kText));
  });
  const std::string location = "http://localhost" + target.url().substr(target.url().rfind(':'));
  std::string first;
  RawServer server([&](int, int socket) {
    first = RawServer::ReadRequest(socket);
    RawServer::Write(socket, Answer("302 Found", "Location: " + location + "/b\r\n", ""));
  });
  UrlRequest request = RequestFor(server.url() + "/a.csv");
  request.credentials.bearer = Secret("hidden");
  EXPECT_EQ(Fetched(request), kText);
  EXPECT_THAT(first, HasSubstr("Authorization: Bearer hidden"));
  EXPECT_THAT(asked, HasSubstr("GET /b "));
  EXPECT_THAT(asked, Not(HasSubstr("hidden")));
}

TEST(FetchUrl, SaysWhoItIs) {
  std::string asked;
  RawServer server([&](int, int socket) {
    asked = RawServer::ReadRequest(socket);
    RawServer::Write(socket, Answer("200 OK", "", kText));
  });
  UrlRequest request = RequestFor(server.url() + "/a.csv");
  request.credentials.user = "anna";
  request.credentials.password = Secret("pass");
  EXPECT_EQ(Fetched(request), kText);
  EXPECT_THAT(asked, HasSubstr("Authorization: Basic YW5uYTpwYXNz"));
}

TEST(FetchUrl, EndsRedirectsThatGoInCircles) {
  RawServer server([](int, int socket) {
    RawServer::ReadRequest(socket);
    RawServer::Write(socket, Answer("302 Found", "Location: /again\r\n", ""));
  });
  EXPECT_THAT(Fetched(RequestFor(server.url() + "/a.csv")), HasSubstr("cannot be read ("));
}

TEST(FetchUrl, FollowsNoRedirectToFiles) {
  RawServer server([](int, int socket) {
    RawServer::ReadRequest(socket);
    RawServer::Write(socket, Answer("302 Found", "Location: file:///etc/passwd\r\n", ""));
  });
  EXPECT_THAT(Fetched(RequestFor(server.url() + "/a.csv")), HasSubstr("cannot be read ("));
}

TEST(FetchUrl, EndsSoonAfterAStop) {
  std::stop_source stop;
  RawServer server([&](int, int socket) {
    RawServer::ReadRequest(socket);
    RawServer::Write(socket, Answer("200 OK", "", kText).substr(0, 90));
    stop.request_stop();
    RawServer::WaitForClose(socket);
  });
  EXPECT_THAT(Fetched(RequestFor(server.url() + "/a.csv"), stop.get_token()),
              HasSubstr("Stopped while reading"));
}

TEST(UrlName, HasNoSecrets) {
  EXPECT_EQ(UrlName("https://u:p@h/a/b.csv?sig=x#y"), "https://h/a/b.csv");
  EXPECT_EQ(UrlName("https://h/a@b"), "https://h/a@b");
  EXPECT_EQ(UrlName("https://u@h"), "https://h");
}

}  // namespace
}  // namespace tenantry::load
