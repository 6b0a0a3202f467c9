#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "common/base/mutex.h"
#include "tests/support/acceptor.h"

namespace tenantry::testing {

enum class Direction { kToServer, kToClient };

// What happens to a connection, and when.
struct TcpFault {
  enum class Kind {
    kDelay,      // waits `time`; at kAccepted: before each piece
    kClose,      // both sides see the end (FIN)
    kReset,      // both sides see a reset (RST)
    kHalfClose,  // the client sees the end, what it sends still gets through
    kHang,       // nothing more is forwarded for `time`; both sides stay connected
  };
  enum class When {
    kAccepted,  // before anything is forwarded
    kBytes,     // once `bytes` have got through in `direction`, not one more
    kPattern,   // instead of the piece with `pattern` in `direction`
    kAnswer,    // `pattern` gets through in `direction`, the other side's answer does not
  };
  Kind kind = Kind::kClose;
  When when = When::kAccepted;
  std::chrono::milliseconds time{0};
  Direction direction = Direction::kToServer;
  std::size_t bytes = 0;
  std::string pattern = {};
  int times = 1;  // how many connections it befalls
};

// A COMMIT as PostgreSQL's clients send it, where there is no TLS.
inline std::string CommitMessage() {
  return {
      "Q\0\0\0\x0b"
      "COMMIT\0",
      12};
}

// Stands between clients and a TCP server on this machine. Without a fault it only forwards.
class TcpProxy {
 public:
  TcpProxy(std::string host, int port);
  ~TcpProxy();
  TcpProxy(const TcpProxy&) = delete;
  TcpProxy& operator=(const TcpProxy&) = delete;

  int port() const { return acceptor_.port(); }
  int accepted() const { return acceptor_.accepted(); }
  // Befalls connections made from now on. The faults of one connection are independent.
  void Add(const TcpFault& fault);
  void Clear();
  int befallen() const { return befallen_; }  // how many faults have come to pass

  // Now, for all connections.
  void CutAll(Cut cut) { acceptor_.links().EndAll(cut); }
  enum class Flow { kRunning, kHeld };
  void SetFlow(Flow flow);  // held: bytes wait, connections are made and kept
  void SetDoor(Acceptor::Door door) { acceptor_.SetDoor(door); }

 private:
  class Connection;
  void Serve(LinkSet::Link& client);
  std::vector<TcpFault> TakeFaults();
  bool AwaitFlow();

  const std::string host_;
  const int server_port_;
  Mutex mutex_;
  ConditionVariable flow_changed_;
  std::vector<TcpFault> faults_ GUARDED_BY(mutex_);
  Flow flow_ GUARDED_BY(mutex_) = Flow::kRunning;
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::atomic<int> befallen_ = 0;
  Acceptor acceptor_;  // the last: its threads use the rest
};

}  // namespace tenantry::testing
