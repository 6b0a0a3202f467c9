#include "tests/support/tcp_proxy.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>

namespace tenantry::testing {
namespace {

using When = TcpFault::When;
using Kind = TcpFault::Kind;

// One fault's view of the bytes that pass.
class Watched {
 public:
  explicit Watched(TcpFault fault) : fault_(std::move(fault)) {}
  const TcpFault& fault() const { return fault_; }

  // How many of `piece` get through before the fault comes; none: it does not come now.
  std::optional<std::size_t> Judge(Direction direction, std::string_view piece) {
    if (over_) {
      return std::nullopt;
    }
    const std::optional<std::size_t> verdict = Look(direction, piece);
    over_ = verdict && (fault_.kind != Kind::kDelay || fault_.when != When::kAccepted);
    return verdict;
  }

 private:
  std::optional<std::size_t> Look(Direction direction, std::string_view piece) {
    if (fault_.when == When::kAccepted) {
      return 0;
    }
    if (fault_.when == When::kBytes && direction == fault_.direction) {
      const std::size_t rest = fault_.bytes - passed_;
      passed_ += std::min(rest, piece.size());
      return piece.size() < rest ? std::nullopt : std::optional(rest);
    }
    if (fault_.when == When::kAnswer && direction != fault_.direction && seen_) {
      return 0;
    }
    if (fault_.when == When::kBytes || direction != fault_.direction) {
      return std::nullopt;
    }
    text_.append(piece);
    seen_ = seen_ || text_.find(fault_.pattern) != std::string::npos;
    // The pattern may go on in the next piece.
    text_.erase(0, text_.size() - std::min(text_.size(), fault_.pattern.size()));
    return seen_ && fault_.when == When::kPattern ? std::optional<std::size_t>(0) : std::nullopt;
  }

  TcpFault fault_;
  std::size_t passed_ = 0;
  std::string text_;
  bool seen_ = false;
  bool over_ = false;
};

}  // namespace

// One client, its server, and what shall befall them. Each direction has a thread.
class TcpProxy::Connection {
 public:
  Connection(TcpProxy& proxy, LinkSet::Link& client, std::vector<TcpFault> faults)
      : proxy_(proxy),
        client_(client),
        server_(proxy.acceptor_.links(), ConnectTo(proxy.host_, proxy.server_port_)) {
    for (TcpFault& fault : faults) {
      watched_.emplace_back(std::move(fault));
    }
  }

  void Run() {
    if (!server_.valid()) {
      client_.End(Cut::kReset);
      return;
    }
    std::jthread back([this] { Forward(Direction::kToClient); });
    Forward(Direction::kToServer);
  }

 private:
  void Forward(Direction direction) {
    const bool up = direction == Direction::kToServer;
    const int from = (up ? client_ : server_).socket();
    const int to = (up ? server_ : client_).socket();
    std::array<char, 65536> buffer{};
    for (;;) {
      const ssize_t count = ::recv(from, buffer.data(), buffer.size(), 0);
      if (count <= 0 || !proxy_.AwaitFlow() ||
          !Pass(direction, to, {buffer.data(), static_cast<std::size_t>(count)})) {
        ::shutdown(to, SHUT_WR);
        return;
      }
    }
  }

  // False: nothing more passes in this direction.
  bool Pass(Direction direction, int to, std::string_view piece) {
    std::vector<std::pair<std::size_t, TcpFault>> due;
    {
      const MutexLock lock(mutex_);
      for (Watched& watched : watched_) {
        if (const auto bytes = watched.Judge(direction, piece)) {
          due.emplace_back(*bytes, watched.fault());
        }
      }
    }
    std::size_t sent = 0;
    for (const auto& [bytes, fault] : due) {
      if (bytes > sent && !SendAll(to, piece.substr(sent, bytes - sent))) {
        return false;
      }
      sent = std::max(sent, bytes);
      ++proxy_.befallen_;
      if (!Inflict(fault, direction)) {
        return false;
      }
    }
    return AwaitEndOfHang() && SendAll(to, piece.substr(sent));
  }

  // False: nothing more passes in this direction.
  bool Inflict(const TcpFault& fault, Direction direction) {
    switch (fault.kind) {
      case Kind::kDelay:
        return proxy_.acceptor_.links().Pause(fault.time);
      case Kind::kHang: {
        const MutexLock lock(mutex_);
        hangs_until_ = std::chrono::steady_clock::now() + fault.time;
        return true;
      }
      case Kind::kHalfClose:
        ::shutdown(client_.socket(), SHUT_WR);
        return direction == Direction::kToServer;
      case Kind::kClose:
      case Kind::kReset:
        break;
    }
    const Cut cut = fault.kind == Kind::kReset ? Cut::kReset : Cut::kClose;
    client_.End(cut);
    server_.End(cut);
    return false;
  }

  bool AwaitEndOfHang() {
    for (;;) {
      std::chrono::steady_clock::time_point until;
      {
        const MutexLock lock(mutex_);
        until = hangs_until_;
      }
      const auto rest = until - std::chrono::steady_clock::now();
      if (rest.count() <= 0) {
        return true;
      }
      if (!proxy_.acceptor_.links().Pause(std::chrono::ceil<std::chrono::milliseconds>(rest))) {
        return false;
      }
    }
  }

  TcpProxy& proxy_;
  LinkSet::Link& client_;
  LinkSet::Link server_;
  Mutex mutex_;
  std::vector<Watched> watched_ GUARDED_BY(mutex_);
  std::chrono::steady_clock::time_point hangs_until_ GUARDED_BY(mutex_);
};

TcpProxy::TcpProxy(std::string host, int port)
    : host_(std::move(host)),
      server_port_(port),
      acceptor_([this](LinkSet::Link& client) { Serve(client); }) {}

TcpProxy::~TcpProxy() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  flow_changed_.notify_all();
}

void TcpProxy::Add(const TcpFault& fault) {
  const MutexLock lock(mutex_);
  faults_.push_back(fault);
}

void TcpProxy::Clear() {
  const MutexLock lock(mutex_);
  faults_.clear();
}

void TcpProxy::SetFlow(Flow flow) {
  {
    const MutexLock lock(mutex_);
    flow_ = flow;
  }
  flow_changed_.notify_all();
}

std::vector<TcpFault> TcpProxy::TakeFaults() {
  const MutexLock lock(mutex_);
  std::vector<TcpFault> taken = faults_;
  for (TcpFault& fault : faults_) {
    --fault.times;
  }
  std::erase_if(faults_, [](const TcpFault& fault) { return fault.times <= 0; });
  return taken;
}

bool TcpProxy::AwaitFlow() {
  const MutexLock lock(mutex_);
  while (flow_ == Flow::kHeld && !stopping_) {
    flow_changed_.wait(mutex_);
  }
  return !stopping_;
}

void TcpProxy::Serve(LinkSet::Link& client) { Connection(*this, client, TakeFaults()).Run(); }

}  // namespace tenantry::testing
