#include "tests/support/http_proxy.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <optional>

#include "tests/support/clock_shift.h"
#include "tests/support/line_faults.h"

namespace tenantry::testing {
namespace {

using Kind = HttpFault::Kind;

bool IsWrite(const std::string& method) {
  return method == "POST" || method == "PUT" || method == "PATCH" || method == "DELETE";
}

bool IsStream(const std::string& target) {
  return target.find("watch=") != std::string::npos || target.starts_with("/v1/events");
}

// The message with its body as one piece of known length.
std::string Whole(HttpMessage message) {
  std::erase_if(message.headers, [](const auto& header) {
    return header.first == "Transfer-Encoding" || header.first == "transfer-encoding";
  });
  if (message.Header("content-length").empty()) {
    message.headers.emplace_back("Content-Length", std::to_string(message.body.size()));
  }
  return message.Head() + message.body;
}

HttpMessage Canned(const HttpFault& fault) {
  HttpMessage answer{.first_line = "HTTP/1.1 " + std::to_string(fault.status) + " Fault",
                     .headers = {{"Content-Type", "application/json"}},
                     .body = fault.body.empty() ? StatusBody(fault.status) : fault.body};
  if (fault.retry_after.count() > 0) {
    answer.headers.emplace_back("Retry-After", std::to_string(fault.retry_after.count()));
  }
  return answer;
}

std::string Chunk(const std::string& piece) {
  std::array<char, 20> size{};
  std::snprintf(size.data(), size.size(), "%zx\r\n", piece.size());
  return size.data() + piece + "\r\n";
}

// Waits until the socket has bytes or has ended.
void AwaitInput(int socket, std::chrono::milliseconds time) {
  pollfd entry{socket, POLLIN, 0};
  ::poll(&entry, 1, static_cast<int>(time.count()));
}

}  // namespace

// One connection of a client and the one that it causes.
class HttpProxy::Session {
 public:
  Session(HttpProxy& proxy, LinkSet::Link& link)
      : proxy_(proxy), client_(link, proxy.server_context_.get()) {}

  void Run() {
    if (!client_.Accept()) {
      return;
    }
    while (Exchange()) {
    }
  }

 private:
  // The connection to the target.
  struct Upstream {
    Upstream(HttpProxy& proxy, int socket)
        : link(proxy.acceptor_.links(), socket), channel(link, proxy.client_context_.get()) {}
    LinkSet::Link link;
    HttpChannel channel;
  };

  // False: the connection is over.
  bool Exchange() {
    auto request = client_.ReadHead();
    auto body = request ? client_.ReadBody(*request) : std::nullopt;
    if (!body) {
      return false;
    }
    request->body = ShiftTimestamps(*std::move(body), -Offset());
    const std::string method = request->Word(0);
    const std::string target = request->Word(1);
    const HttpFault fault = proxy_.Decide(method, target);
    const auto write = proxy_.Count(method, target);
    if (proxy_.Tell(write, Moment::kBefore) == Then::kCut) {
      return EndClient(fault);
    }
    if (fault.kind == Kind::kAnswer) {
      return client_.Write(Whole(Canned(fault)));
    }
    if (!Precede(fault)) {
      return false;
    }
    if (const auto stale = Stale(fault, method, target)) {
      return client_.Write(Whole(*stale));
    }
    return Forward(*request, fault, write);
  }

  // What happens before the request is forwarded; false: it is not.
  bool Precede(const HttpFault& fault) {
    switch (fault.kind) {
      case Kind::kDelay:
        return proxy_.acceptor_.links().Pause(fault.time);
      case Kind::kHang:
        AwaitInput(client_.link().socket(), fault.time);
        return EndClient(fault);
      case Kind::kCutBefore:
        return EndClient(fault);
      default:
        return true;
    }
  }

  bool EndClient(const HttpFault& fault) {
    client_.link().End(fault.reset ? Cut::kReset : Cut::kClose);
    return false;
  }

  std::optional<HttpMessage> Stale(const HttpFault& fault, const std::string& method,
                                   const std::string& target) {
    const MutexLock lock(proxy_.mutex_);
    const auto found = proxy_.first_answers_.find(target);
    const bool stale =
        fault.kind == Kind::kStale && method == "GET" && found != proxy_.first_answers_.end();
    return stale ? std::optional(found->second) : std::nullopt;
  }

  bool Forward(const HttpMessage& request, const HttpFault& fault,
               const std::optional<Write>& write) {
    auto answer = Ask(request);
    if (!answer) {
      return EndClient(fault);
    }
    const std::string target = request.Word(1);
    if (IsStream(target) && answer->chunked && fault.kind != Kind::kCutAfter) {
      return Stream(*answer, fault);
    }
    auto body = upstream_->channel.ReadBody(*answer);
    if (!body) {
      return EndClient(fault);
    }
    answer->body = ShiftTimestamps(*std::move(body), Offset());
    if (proxy_.Tell(write, Moment::kAfter) == Then::kCut) {
      return EndClient(fault);
    }
    if (request.Word(0) == "GET") {
      const MutexLock lock(proxy_.mutex_);
      proxy_.first_answers_.emplace(target, *answer);
    }
    return Answer(*answer, fault);
  }

  // The head of the target's answer.
  std::optional<HttpMessage> Ask(const HttpMessage& request) {
    pollfd idle{upstream_ ? upstream_->link.socket() : -1, POLLIN, 0};
    if (!upstream_ || ::poll(&idle, 1, 0) != 0) {
      upstream_.reset();
      const int socket = ConnectTo(proxy_.options_.host, proxy_.options_.port);
      if (socket < 0) {
        return std::nullopt;
      }
      upstream_.emplace(proxy_, socket);
      if (!upstream_->channel.Connect()) {
        return std::nullopt;
      }
    }
    if (!upstream_->channel.Write(Whole(request))) {
      return std::nullopt;
    }
    auto head = upstream_->channel.ReadHead();
    if (!head) {
      return std::nullopt;
    }
    for (auto& [name, value] : head->headers) {
      value = name == "Date" ? ShiftDate(value, Offset()) : value;
    }
    return head;
  }

  std::chrono::seconds Offset() const { return std::chrono::seconds(proxy_.clock_offset_); }

  bool Answer(const HttpMessage& answer, const HttpFault& fault) {
    const std::string whole = Whole(answer);
    const std::string part = whole.substr(
        0, whole.size() - answer.body.size() + std::min(fault.bytes, answer.body.size()));
    switch (fault.kind) {
      case Kind::kCutAfter:
        return EndClient(fault);
      case Kind::kTruncate:
        (void)client_.Write(part);
        return EndClient(fault);
      case Kind::kHalfClose:
        (void)client_.Write(part);
        ::shutdown(client_.link().socket(), SHUT_WR);
        while (client_.ReadHead()) {
        }
        return false;
      default:
        return client_.Write(whole);
    }
  }

  bool Stream(const HttpMessage& head, const HttpFault& fault) {
    LineFaults faults(fault);
    std::string rest;
    if (!client_.Write(head.Head())) {
      return false;
    }
    while (AwaitChunk()) {
      const auto chunk = upstream_->channel.ReadChunk();
      if (!chunk) {
        return EndClient(fault);
      }
      if (chunk->empty()) {
        return client_.Write("0\r\n\r\n");
      }
      rest += *chunk;
      for (std::size_t end = rest.find('\n'); end != std::string::npos; end = rest.find('\n')) {
        const auto then = SendLine(faults.Take(ShiftTimestamps(rest.substr(0, end + 1), Offset())));
        if (then != LineFaults::Then::kGoOn) {
          return EndStream(then, fault);
        }
        rest.erase(0, end + 1);
      }
    }
    return false;
  }

  LineFaults::Then SendLine(const LineFaults::Verdict& verdict) {
    for (const std::string& piece : verdict.pieces) {
      if (!client_.Write(Chunk(piece))) {
        return LineFaults::Then::kCut;
      }
    }
    return verdict.then;
  }

  bool EndStream(LineFaults::Then then, const HttpFault& fault) {
    if (then == LineFaults::Then::kSilence) {
      AwaitInput(client_.link().socket(), std::chrono::hours(1));
    }
    if (then == LineFaults::Then::kEnd) {
      upstream_.reset();  // it is in the middle of the true stream
      return client_.Write("0\r\n\r\n");
    }
    return EndClient(fault);
  }

  // False: the client has gone; it says nothing while it listens.
  bool AwaitChunk() {
    if (upstream_->channel.HasPending()) {
      return true;
    }
    std::array<pollfd, 2> both = {pollfd{client_.link().socket(), POLLIN, 0},
                                  pollfd{upstream_->link.socket(), POLLIN, 0}};
    ::poll(both.data(), both.size(), -1);
    return both[0].revents == 0;
  }

  HttpProxy& proxy_;
  HttpChannel client_;
  std::optional<Upstream> upstream_;
};

HttpProxy::HttpProxy(HttpProxyOptions options)
    : options_(std::move(options)),
      server_context_(options_.server.certificate_pem.empty() ? nullptr
                                                              : MakeServerContext(options_.server)),
      client_context_(options_.target_has_tls ? MakeClientContext(options_.client) : nullptr),
      uncounted_(options_.uncounted),
      acceptor_([this](LinkSet::Link& client) { Session(*this, client).Run(); }) {
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL
}

void HttpProxy::Add(const FaultRule& rule) {
  const MutexLock lock(mutex_);
  rules_.push_back({rule, std::regex(rule.pattern)});
}

void HttpProxy::Use(const FaultPlan& plan) {
  const MutexLock lock(mutex_);
  plan_ = plan;
}

void HttpProxy::Clear() {
  const MutexLock lock(mutex_);
  rules_.clear();
  plan_.reset();
  befallen_.clear();
}

std::vector<std::string> HttpProxy::Befallen() const {
  const MutexLock lock(mutex_);
  return befallen_;
}

void HttpProxy::OnWrite(WriteHook hook, const std::string& part) {
  const MutexLock lock(mutex_);
  counted_part_ = part;
  hook_ = std::move(hook);
  writes_ = 0;
}

int HttpProxy::writes() const {
  const MutexLock lock(mutex_);
  return writes_;
}

HttpFault HttpProxy::Decide(const std::string& method, const std::string& target) {
  const MutexLock lock(mutex_);
  HttpFault fault = Choose(method, target);
  if (fault.kind != Kind::kNone) {
    befallen_.push_back(method + " " + target + ": " + ToString(fault));
  }
  return fault;
}

HttpFault HttpProxy::Choose(const std::string& method, const std::string& target) {
  for (Rule& candidate : rules_) {
    FaultRule& rule = candidate.rule;
    if (rule.times > 0 && std::regex_search(method + " " + target, candidate.pattern) &&
        rule.skip-- <= 0) {
      --rule.times;
      return rule.fault;
    }
  }
  const std::string route = RouteOf(target);
  const std::uint64_t number = calls_[method + " " + route]++;
  return plan_ ? plan_->Decide(number, method, route, IsStream(target)) : HttpFault{};
}

std::optional<HttpProxy::Write> HttpProxy::Count(const std::string& method,
                                                 const std::string& target) {
  if (!IsWrite(method) || std::regex_search(target, uncounted_)) {
    return std::nullopt;
  }
  const MutexLock lock(mutex_);
  if (target.find(counted_part_) == std::string::npos) {
    return std::nullopt;
  }
  return Write{.number = ++writes_, .method = method, .target = target};
}

HttpProxy::Then HttpProxy::Tell(const std::optional<Write>& write, Moment moment) {
  WriteHook hook;
  {
    const MutexLock lock(mutex_);
    hook = hook_;
  }
  return write && hook ? hook(*write, moment) : Then::kGoOn;
}

}  // namespace tenantry::testing
