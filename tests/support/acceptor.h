#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <list>
#include <set>
#include <string>
#include <thread>

#include "common/base/mutex.h"
#include "common/net/socket.h"

// The part that all proxies of tests share: a loopback port and the sockets that hang on it.
namespace tenantry::testing {

enum class Cut { kClose, kReset };  // FIN or RST

// Sockets that block and that any thread may cut.
class LinkSet {
 public:
  // A socket of the set; it is closed with this object.
  class Link {
   public:
    Link(LinkSet& links, int socket);
    ~Link();
    Link(const Link&) = delete;
    Link& operator=(const Link&) = delete;
    int socket() const { return socket_; }
    bool valid() const { return socket_ >= 0; }
    void End(Cut cut) const;

   private:
    LinkSet& links_;
    int socket_;
  };

  void EndAll(Cut cut);
  void Stop();  // cuts all, now and from then on; ends all pauses
  // Waits; false when stopped meanwhile.
  bool Pause(std::chrono::milliseconds time);

 private:
  Mutex mutex_;
  ConditionVariable stopped_changed_;
  std::set<int> sockets_ GUARDED_BY(mutex_);
  bool stopped_ GUARDED_BY(mutex_) = false;
};

// Accepts connections on a port of 127.0.0.1, each served by a thread of its own.
class Acceptor {
 public:
  // `client` is closed afterwards. A long service has to end when the links are stopped.
  using Serve = std::function<void(LinkSet::Link& client)>;

  explicit Acceptor(Serve serve);
  ~Acceptor() { Stop(); }
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;

  int port() const { return port_; }
  LinkSet& links() { return links_; }
  int accepted() const { return accepted_; }
  enum class Door { kOpen, kShut };
  void SetDoor(Door door);  // shut: the port refuses connections
  void Stop();

 private:
  struct Service {
    std::atomic<bool> over = false;
    std::jthread thread;
  };
  void Accept(const std::stop_token& stop);

  const Serve serve_;
  LinkSet links_;
  net::UniqueFd listener_;
  net::WakeEvent stop_event_;
  int port_ = 0;
  std::atomic<int> accepted_ = 0;
  std::atomic<bool> shut_ = false;
  std::list<Service> services_;  // of the accepting thread
  std::jthread thread_;
};

// A blocking connection to a port of this machine; -1 when refused.
int ConnectTo(const std::string& host, int port);
// All of it; false when the peer has gone.
bool SendAll(int socket, std::string_view bytes);

}  // namespace tenantry::testing
