#include "common/net/response_parser.h"

#include <gtest/gtest.h>

#include <string>

namespace tenantry::net {
namespace {

using Progress = ResponseParser::Progress;

struct Read {
  Progress progress = Progress::kHead;
  bool is_complete = false;
  bool keeps_connection = false;
  int status = 0;
  std::string body;
  std::size_t rest = 0;  // bytes that were not taken
};

// In pieces of `size` bytes.
Read ReadAll(std::string_view bytes, std::size_t size,
             ResponseParser::Body body = ResponseParser::Body::kPossible) {
  ResponseParser parser(body);
  Read read;
  while (!bytes.empty() && !parser.is_complete()) {
    const auto step = parser.Take(bytes.substr(0, size));
    read.progress = step.progress;
    if (step.progress == Progress::kMalformed || step.progress == Progress::kHeadTooLong) {
      return read;
    }
    read.body += step.piece;
    bytes.remove_prefix(step.taken);
  }
  read.is_complete = parser.is_complete();
  read.keeps_connection = read.is_complete && parser.KeepsConnection();
  read.status = parser.status();
  read.rest = bytes.size();
  return read;
}

TEST(ResponseParser, ReadsABodyHoweverItIsDelimited) {
  for (const std::size_t size : {1u, 2u, 7u, 4096u}) {
    for (const char* answer :
         {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
          "HTTP/1.1 200\r\ncontent-length:5\r\ncontent-length: 5 \r\n\r\nhello",
          "HTTP/1.1 200 OK\nContent-Length: 5\n\nhello",
          "HTTP/1.1 100 Continue\r\nX: y\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: "
          "Chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n"
          "05\r\nhello\r\n0\r\nTrailer: x\r\n\r\n"}) {
      const Read read = ReadAll(answer, size);
      EXPECT_TRUE(read.is_complete) << answer;
      EXPECT_TRUE(read.keeps_connection) << answer;
      EXPECT_EQ(read.status, 200) << answer;
      EXPECT_EQ(read.body, "hello") << answer;
    }
  }
}

TEST(ResponseParser, KnowsAnswersWithoutABody) {
  for (const char* answer :
       {"HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"}) {
    EXPECT_TRUE(ReadAll(answer, 4096).is_complete) << answer;
  }
  const char* const sized = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
  EXPECT_TRUE(ReadAll(sized, 4096, ResponseParser::Body::kNone).is_complete);
  EXPECT_FALSE(ReadAll(sized, 4096).is_complete);
}

TEST(ResponseParser, LeavesWhatFollowsTheAnswer) {
  const Read read = ReadAll("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200", 4096);
  EXPECT_TRUE(read.is_complete);
  EXPECT_EQ(read.body, "ok");
  EXPECT_EQ(read.rest, 12u);
}

TEST(ResponseParser, TellsWhetherTheConnectionIsKept) {
  const auto keeps = [](const std::string& first_lines) {
    return ReadAll(first_lines + "\r\nContent-Length: 0\r\n\r\n", 4096).keeps_connection;
  };
  EXPECT_TRUE(keeps("HTTP/1.1 200 OK"));
  EXPECT_FALSE(keeps("HTTP/1.1 200 OK\r\nConnection: Close"));
  EXPECT_FALSE(keeps("HTTP/1.0 200 OK"));
  EXPECT_TRUE(keeps("HTTP/1.0 200 OK\r\nConnection: keep-alive"));
}

TEST(ResponseParser, EndsWithTheConnectionWhenNothingTellsTheLength) {
  ResponseParser parser(ResponseParser::Body::kPossible);
  const std::string_view head = "HTTP/1.1 200 OK\r\n\r\n";
  parser.Take(head);
  parser.Take(head.substr(17));
  EXPECT_FALSE(parser.is_complete());
  EXPECT_TRUE(parser.ends_with_connection());
  EXPECT_EQ(parser.Take("all of it").piece, "all of it");
}

TEST(ResponseParser, RefusesWhatIsNotHttp) {
  const std::string head = "HTTP/1.1 200 OK\r\n";
  for (const std::string& answer :
       {std::string("hello\r\n\r\n"), std::string("HTTP/2 200\r\n"),
        std::string("HTTP/1.1 99 x\r\n"), std::string("HTTP/1.1 2000 x\r\n"),
        std::string("HTTP/1.1 101 Switching\r\n\r\n"), head + "no colon\r\n", head + ": empty\r\n",
        head + " folded: x\r\n", head + "Content-Length: -1\r\n\r\n",
        head + "Content-Length: 1x\r\n\r\n", head + "Content-Length: 99999999999999999999\r\n\r\n",
        head + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
        head + "Transfer-Encoding: gzip\r\n\r\n", head + "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        head + "Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n"}) {
    for (const std::size_t size : {1u, 4096u}) {
      EXPECT_EQ(ReadAll(answer, size).progress, Progress::kMalformed) << answer;
    }
  }
}

TEST(ResponseParser, BoundsTheHead) {
  const std::string line(20'000, 'x');
  EXPECT_EQ(ReadAll(line, 4096).progress, Progress::kHeadTooLong);
  std::string many = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 20'000; ++i) {
    many += "x: y\r\n";
  }
  EXPECT_EQ(ReadAll(many, 4096).progress, Progress::kHeadTooLong);
}

}  // namespace
}  // namespace tenantry::net
