#include "tests/unit/kube/scripted_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <optional>

#include "common/base/strings.h"

namespace tenantry::kube {
namespace {

constexpr int kPollMilliseconds = 20;

class Socket {
 public:
  explicit Socket(int descriptor) : descriptor_(descriptor) {}
  ~Socket() { ::close(descriptor_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int get() const { return descriptor_; }

 private:
  int descriptor_;
};

bool Readable(const std::stop_token& stop, int descriptor) {
  while (!stop.stop_requested()) {
    pollfd entry{.fd = descriptor, .events = POLLIN, .revents = 0};
    if (::poll(&entry, 1, kPollMilliseconds) > 0) {
      return true;
    }
  }
  return false;
}

// More bytes of the connection; empty: it ended.
std::string ReadSome(const std::stop_token& stop, int descriptor) {
  if (!Readable(stop, descriptor)) {
    return {};
  }
  char buffer[4096];
  const ssize_t length = ::recv(descriptor, buffer, sizeof buffer, 0);
  return length > 0 ? std::string(buffer, static_cast<std::size_t>(length)) : std::string();
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char byte) { return static_cast<char>(std::tolower(byte)); });
  return lower;
}

ScriptedRequest ParseHead(std::string_view head) {
  ScriptedRequest request;
  const std::vector<std::string_view> lines = Split(head, '\n');
  const std::vector<std::string_view> first = Split(Trim(lines.front()), ' ');
  request.method = first.at(0);
  const std::vector<std::string_view> target = Split(first.at(1), '?');
  request.path = target.front();
  for (const std::string_view pair : Split(target.size() > 1 ? target[1] : "", '&')) {
    const std::size_t equals = std::min(pair.find('='), pair.size());
    request.query.emplace(pair.substr(0, equals), pair.substr(std::min(equals + 1, pair.size())));
  }
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const std::size_t colon = lines[i].find(':');
    if (colon != std::string_view::npos) {
      request.headers[Lower(lines[i].substr(0, colon))] = Trim(lines[i].substr(colon + 1));
    }
  }
  return request;
}

// Reads one request; `rest` is what came after the one before. None: the connection ended.
std::optional<ScriptedRequest> ReadRequest(const std::stop_token& stop, int descriptor) {
  std::string bytes;
  std::size_t head_end = std::string::npos;
  while ((head_end = bytes.find("\r\n\r\n")) == std::string::npos) {
    const std::string more = ReadSome(stop, descriptor);
    if (more.empty()) {
      return std::nullopt;
    }
    bytes += more;
  }
  ScriptedRequest request = ParseHead(std::string_view(bytes).substr(0, head_end));
  const auto length =
      static_cast<std::size_t>(std::atol(request.headers["content-length"].c_str()));
  request.body = bytes.substr(head_end + 4);
  while (request.body.size() < length) {
    const std::string more = ReadSome(stop, descriptor);
    if (more.empty()) {
      return std::nullopt;
    }
    request.body += more;
  }
  return request;
}

}  // namespace

std::string ScriptedRequest::Query(const std::string& name) const {
  const auto found = query.find(name);
  return found == query.end() ? std::string() : found->second;
}

ScriptedReply Answer(int status, const std::string& body, const std::string& extra_headers) {
  return {"HTTP/1.1 " + std::to_string(status) +
          " Scripted\r\nContent-Type: application/json\r\nContent-Length: " +
          std::to_string(body.size()) + "\r\n" + extra_headers + "\r\n" + body};
}

ScriptedReply AnswerStatus(int status, const std::string& reason, const std::string& message,
                           const std::string& extra_headers) {
  return Answer(status,
                R"({"kind":"Status","apiVersion":"v1","status":"Failure","message":")" + message +
                    R"(","reason":")" + reason + R"(","code":)" + std::to_string(status) + "}",
                extra_headers);
}

ScriptedReply AnswerStream(const std::vector<std::string>& lines, Then then) {
  std::string bytes =
      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const std::string& line : lines) {
    char size[16];
    std::snprintf(size, sizeof size, "%zx\r\n", line.size() + 1);
    bytes += size + line + "\n\r\n";
  }
  return {bytes, then};
}

ScriptedReply AnswerWholeStream(const std::vector<std::string>& lines) {
  ScriptedReply reply = AnswerStream(lines, Then::kKeepAlive);
  reply.bytes += "0\r\n\r\n";
  return reply;
}

ScriptedServer::ScriptedServer(Script script) : script_(std::move(script)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener_, generic, length) != 0 || ::listen(listener_, 16) != 0 ||
      ::getsockname(listener_, generic, &length) != 0) {
    std::perror("scripted server");
    std::abort();
  }
  port_ = ntohs(address.sin_port);
  acceptor_ = std::jthread([this](const std::stop_token& stop) { Accept(stop); });
}

ScriptedServer::~ScriptedServer() {
  acceptor_ = {};
  connections_.clear();
  ::close(listener_);
}

void ScriptedServer::Accept(const std::stop_token& stop) {
  while (Readable(stop, listener_)) {
    const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket >= 0) {
      connections_.emplace_back(
          [this, socket](const std::stop_token& stop_one) { Serve(stop_one, socket); });
    }
  }
}

void ScriptedServer::Serve(const std::stop_token& stop, int socket) {
  const Socket owned(socket);
  while (const auto request = ReadRequest(stop, owned.get())) {
    const ScriptedReply reply = Reply(*request);
    ::send(owned.get(), reply.bytes.data(), reply.bytes.size(), MSG_NOSIGNAL);
    if (reply.then == Then::kClose) {
      return;
    }
    if (reply.then == Then::kStaySilent) {
      ReadSome(stop, owned.get());
      return;
    }
  }
}

ScriptedReply ScriptedServer::Reply(const ScriptedRequest& request) {
  MutexLock lock(mutex_);
  return script_(request);
}

}  // namespace tenantry::kube
