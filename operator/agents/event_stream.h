#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <random>
#include <stop_token>
#include <string>
#include <thread>

#include "common/api/protocol.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/base/result.h"
#include "common/net/http_client.h"
#include "operator/agents/client.h"
#include "operator/agents/waits.h"

namespace tenantry::agents {

struct EventStreamOptions {
  // A lone task that ends sooner needs no stream: it is asked for once before there is one.
  std::chrono::milliseconds first_look{20};
  // How long an agent that says no more than task changes may take to tell of all its tasks.
  std::chrono::milliseconds listing_time{200};
  // A stream that is silent for this long is opened anew, after each task that it has not told of
  // has been asked for; twice as long each time.
  std::chrono::milliseconds first_patience{1'000};
  std::chrono::milliseconds longest_patience{30'000};
  // A stream without tasks stays open this long, because tasks come in bursts.
  std::chrono::milliseconds linger{1'000};
  std::chrono::milliseconds first_reconnect_delay{100};
  std::chrono::milliseconds longest_reconnect_delay{10'000};
  // After this long without the agent, whoever waits is woken, and the stream ends.
  std::chrono::milliseconds give_up_after{60'000};
  std::size_t longest_line = 8 << 20;
};

// Delay before reconnecting after `failures` (from 1) in a row, times 0.5 + random/2 (`random` in
// [0,1)). Pure.
std::chrono::milliseconds ReconnectDelay(int failures, double random,
                                         const EventStreamOptions& options);

// How a stream reaches the rest of its agent.
struct EventStreamHooks {
  std::function<Result<api::TaskReport>(const std::string& id)> ask;
  std::function<void(const api::TaskReport&)> on_change;
  std::function<void()> on_lost;  // what was known of the agent may no longer hold
};

// Waits for the tasks of one agent: reads GET /v1/events on a thread of its own, which lives only
// while there is something to wait for. Thread-safe.
// A task that the agent does not know (it was restarted), or cannot be asked about any more, ends
// its wait with a report of state kQueued, so that somebody looks at it. No other report has that
// state: it is how a task begins, not a change.
class EventStream {
 public:
  // `http` must outlive it.
  EventStream(net::HttpClient& http, AgentAddress agent, EventStreamHooks hooks,
              EventStreamOptions options = {});
  ~EventStream();  // ends the thread; waits at most for the call that it is in
  // The destructor will have less to wait for.
  void RequestStop();

  // Before the task is submitted.
  Waits::Ticket Begin(const std::string& id);
  // Before it is asked for; none when it is waited for already.
  std::optional<Waits::Ticket> BeginUnlessThere(const std::string& id);
  // The agent has the task, and it has not ended: opens the stream.
  void Keep(const std::string& id, Waits::Ticket ticket);
  void End(const std::string& id, Waits::Ticket ticket);
  void End(const std::string& id);

  bool IsRunning() const;

 private:
  struct Connection;
  enum class Ending { kStopped, kQuiet, kLost, kRefused };
  enum class Reachable { kNo, kYes };

  void Start();
  void RunToEnd(const std::stop_token& stop);
  void Run(const std::stop_token& stop);
  bool IsWanted(const std::stop_token& stop);
  Ending Listen(const std::stop_token& stop, std::chrono::milliseconds patience);
  bool OnData(Connection& connection, std::string_view piece);
  bool OnLine(Connection& connection, const std::string& line);
  Ending Judge(const Connection& connection, const Result<net::HttpResponse>& outcome);
  Reachable AskForUnconfirmed(const std::stop_token& stop);
  bool Take(const api::TaskReport& report);  // whether it is waited for
  bool EndWait(const Waits::Open& open);     // whether it was waited for
  void WakeAll(const std::string& why);
  bool HasLingered();
  // Whether it was cut short: a task was submitted, or nothing is waited for any more.
  bool Pause(const std::stop_token& stop, std::chrono::milliseconds delay);
  void NoteIfIdle() REQUIRES(mutex_);

  net::HttpClient& http_;
  const AgentAddress agent_;
  const EventStreamHooks hooks_;
  const EventStreamOptions options_;

  mutable Mutex mutex_;
  ConditionVariable changed_;
  Waits waits_ GUARDED_BY(mutex_);
  MonotonicTime idle_since_ GUARDED_BY(mutex_);  // when nothing is waited for
  std::uint64_t answered_submits_ GUARDED_BY(mutex_) = 0;
  bool running_ GUARDED_BY(mutex_) = false;
  std::jthread thread_ GUARDED_BY(mutex_);

  // Of the thread alone.
  std::minstd_rand random_{std::random_device{}()};
  std::optional<MonotonicTime> lost_since_;
};

}  // namespace tenantry::agents
