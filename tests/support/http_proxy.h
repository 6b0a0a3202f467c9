#pragma once

#include <functional>
#include <map>
#include <regex>
#include <string>
#include <utility>
#include <vector>

#include "common/base/mutex.h"
#include "tests/support/acceptor.h"
#include "tests/support/fault.h"
#include "tests/support/http_channel.h"

namespace tenantry::testing {

struct HttpProxyOptions {
  std::string host;
  int port = 0;
  TlsEnd server;  // how clients see us; without a certificate: plain HTTP
  TlsEnd client;  // how the target sees us
  bool target_has_tls = true;
  // Writes to these are not counted: they come by the clock.
  std::string uncounted = "/leases|accessreviews";
};

// Stands between HTTP clients and a server on this machine: the Kubernetes API or an agent.
class HttpProxy {
 public:
  explicit HttpProxy(HttpProxyOptions options);
  ~HttpProxy() { acceptor_.Stop(); }
  HttpProxy(const HttpProxy&) = delete;
  HttpProxy& operator=(const HttpProxy&) = delete;

  int port() const { return acceptor_.port(); }
  // Rules come before the plan; the first that fits is used.
  void Add(const FaultRule& rule);
  void Use(const FaultPlan& plan);
  void Clear();  // rules, plan and what has befallen
  // What has gone wrong: "PATCH /apis/…: answer 409".
  std::vector<std::string> Befallen() const;

  struct Write {
    int number;  // from 1, since the last OnWrite
    std::string method;
    std::string target;
  };
  enum class Moment { kBefore, kAfter };  // after: it is done, its answer not yet known
  enum class Then { kGoOn, kCut };  // cut: before → it is not forwarded; after → the answer is lost
  using WriteHook = std::function<Then(const Write&, Moment)>;
  // Called for each POST, PUT, PATCH and DELETE whose target has `part`; the write waits for it.
  // Counts these, from 1 again.
  void OnWrite(WriteHook hook, const std::string& part = {});
  int writes() const;

  // The target's clock seems to be so much ahead, in its times of objects' creation and deletion
  // and in the header Date; what the client sends back of these is what the target said.
  void SetClockOffset(std::chrono::seconds offset) { clock_offset_ = offset.count(); }

  // Now, for all connections.
  void CutAll(Cut cut) { acceptor_.links().EndAll(cut); }
  void SetDoor(Acceptor::Door door) { acceptor_.SetDoor(door); }

 private:
  class Session;
  struct Rule {
    FaultRule rule;
    std::regex pattern;
  };
  HttpFault Decide(const std::string& method, const std::string& target);
  HttpFault Choose(const std::string& method, const std::string& target) REQUIRES(mutex_);
  // None: it is no write that counts.
  std::optional<Write> Count(const std::string& method, const std::string& target);
  Then Tell(const std::optional<Write>& write, Moment moment);

  const HttpProxyOptions options_;
  const SslContext server_context_;
  const SslContext client_context_;
  const std::regex uncounted_;
  std::atomic<std::chrono::seconds::rep> clock_offset_ = 0;
  mutable Mutex mutex_;
  std::vector<Rule> rules_ GUARDED_BY(mutex_);
  std::optional<FaultPlan> plan_ GUARDED_BY(mutex_);
  std::map<std::string, std::uint64_t> calls_ GUARDED_BY(mutex_);        // by method and route
  std::map<std::string, HttpMessage> first_answers_ GUARDED_BY(mutex_);  // of GETs, for stale ones
  std::vector<std::string> befallen_ GUARDED_BY(mutex_);
  WriteHook hook_ GUARDED_BY(mutex_);
  std::string counted_part_ GUARDED_BY(mutex_);
  int writes_ GUARDED_BY(mutex_) = 0;
  Acceptor acceptor_;  // the last: its threads use the rest
};

}  // namespace tenantry::testing
