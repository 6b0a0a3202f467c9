#include "tests/support/tcp_proxy.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <string>

#include "tests/support/cluster.h"

namespace tenantry::testing {
namespace {

using Kind = TcpFault::Kind;
using When = TcpFault::When;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

// Answers each piece with "<" and the piece.
void Echo(LinkSet::Link& client) {
  std::array<char, 1024> buffer{};
  for (ssize_t count = 1; count > 0;) {
    count = ::recv(client.socket(), buffer.data(), buffer.size(), 0);
    if (count > 0) {
      (void)SendAll(client.socket(), "<" + std::string(buffer.data(), static_cast<size_t>(count)));
    }
  }
}

class TcpProxyTest : public ::testing::Test {
 protected:
  int Connect() const { return ConnectTo("127.0.0.1", proxy_.port()); }
  // What arrives until `size` bytes or the end: "" for an end, "reset" for a reset.
  static std::string Receive(int socket, std::size_t size) {
    std::string text;
    std::array<char, 1024> buffer{};
    while (text.size() < size) {
      const ssize_t count = ::recv(socket, buffer.data(), size - text.size(), 0);
      if (count <= 0) {
        return count == 0 ? text : text + "reset";
      }
      text.append(buffer.data(), static_cast<std::size_t>(count));
    }
    return text;
  }
  static std::string Ask(int socket, const std::string& question) {
    (void)SendAll(socket, question);
    return Receive(socket, question.size() + 1);
  }
  static bool IsSilent(int socket) {
    char byte = 0;
    return ::recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0;
  }

  Acceptor server_{Echo};
  TcpProxy proxy_{"127.0.0.1", server_.port()};
  LinkSet links_;
};

TEST_F(TcpProxyTest, ForwardsInBothDirections) {
  const LinkSet::Link client(links_, Connect());
  EXPECT_EQ(Ask(client.socket(), "hello"), "<hello");
  EXPECT_EQ(Ask(client.socket(), "again"), "<again");
  EXPECT_EQ(proxy_.befallen(), 0);
}

TEST_F(TcpProxyTest, LosesTheAnswerToAPattern) {
  proxy_.Add({.kind = Kind::kClose, .when = When::kAnswer, .pattern = "COMMIT"});
  const LinkSet::Link client(links_, Connect());
  EXPECT_EQ(Ask(client.socket(), "BEGIN"), "<BEGIN");
  (void)SendAll(client.socket(), "COM");
  EXPECT_EQ(Receive(client.socket(), 4), "<COM") << "a piece of it is no reason yet";
  EXPECT_EQ(Ask(client.socket(), "MIT"), "");
  EXPECT_EQ(proxy_.befallen(), 1);
  const LinkSet::Link next(links_, Connect());
  EXPECT_EQ(Ask(next.socket(), "COMMIT"), "<COMMIT") << "it befalls one connection";
}

TEST_F(TcpProxyTest, KeepsAPatternFromTheServer) {
  proxy_.Add({.kind = Kind::kReset, .when = When::kPattern, .pattern = "DROP"});
  const LinkSet::Link client(links_, Connect());
  EXPECT_EQ(Ask(client.socket(), "DROP"), "reset");
}

TEST_F(TcpProxyTest, TruncatesAfterSoManyBytes) {
  proxy_.Add(
      {.kind = Kind::kClose, .when = When::kBytes, .direction = Direction::kToClient, .bytes = 4});
  const LinkSet::Link client(links_, Connect());
  EXPECT_EQ(Ask(client.socket(), "hello"), "<hel");
}

TEST_F(TcpProxyTest, HalfClosesTowardsTheClient) {
  proxy_.Add({.kind = Kind::kHalfClose, .when = When::kPattern, .pattern = "end"});
  const LinkSet::Link client(links_, Connect());
  EXPECT_EQ(Ask(client.socket(), "end"), "");
  EXPECT_TRUE(SendAll(client.socket(), "more")) << "the other half is open";
}

TEST_F(TcpProxyTest, HangsAndGoesOn) {
  proxy_.Add(
      {.kind = Kind::kHang, .when = When::kPattern, .time = milliseconds(50), .pattern = "x"});
  proxy_.Add({.kind = Kind::kHang, .when = When::kPattern, .time = hours(1), .pattern = "y"});
  const LinkSet::Link client(links_, Connect());
  EXPECT_EQ(Ask(client.socket(), "x"), "<x");
  (void)SendAll(client.socket(), "y");
  EXPECT_TRUE(WaitUntil(seconds(10), [&] { return proxy_.befallen() == 2; }));
  EXPECT_TRUE(IsSilent(client.socket()));
}

TEST_F(TcpProxyTest, HoldsEverythingUntilToldToGoOn) {
  const LinkSet::Link client(links_, Connect());
  EXPECT_EQ(Ask(client.socket(), "a"), "<a");
  proxy_.SetFlow(TcpProxy::Flow::kHeld);
  (void)SendAll(client.socket(), "b");
  EXPECT_TRUE(IsSilent(client.socket()));
  proxy_.SetFlow(TcpProxy::Flow::kRunning);
  EXPECT_EQ(Receive(client.socket(), 2), "<b");
}

TEST_F(TcpProxyTest, RefusesWhileItsDoorIsShut) {
  proxy_.SetDoor(Acceptor::Door::kShut);
  EXPECT_LT(Connect(), 0);
  proxy_.SetDoor(Acceptor::Door::kOpen);
  const LinkSet::Link client(links_, Connect());
  EXPECT_EQ(Ask(client.socket(), "a"), "<a");
}

TEST_F(TcpProxyTest, CutsAllThatIsConnected) {
  const LinkSet::Link first(links_, Connect());
  EXPECT_EQ(Ask(first.socket(), "a"), "<a");
  proxy_.CutAll(Cut::kReset);
  EXPECT_EQ(Receive(first.socket(), 1), "reset");
  const LinkSet::Link second(links_, Connect());
  EXPECT_EQ(Ask(second.socket(), "a"), "<a");
  proxy_.CutAll(Cut::kClose);
  EXPECT_EQ(Receive(second.socket(), 1), "");
}

}  // namespace
}  // namespace tenantry::testing
