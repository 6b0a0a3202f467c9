#include "operator/agents/event_stream.h"

#include <pthread.h>

#include <algorithm>
#include <cmath>
#include <exception>
#include <utility>
#include <vector>

#include "common/api/protocol_codec.h"
#include "common/api/reasons.h"
#include "common/base/strings.h"
#include "common/telemetry/log.h"
#include "operator/agents/answers.h"
#include "operator/agents/line_splitter.h"

namespace tenantry::agents {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// For the head of the answer.
constexpr milliseconds kHeadTimeout{10'000};

api::TaskReport WakeUp(const std::string& id) {
  api::TaskReport report;
  report.id = id;
  report.state = api::TaskState::kQueued;
  return report;
}

}  // namespace

milliseconds ReconnectDelay(int failures, double random, const EventStreamOptions& options) {
  const auto first = static_cast<double>(options.first_reconnect_delay.count());
  const auto longest = static_cast<double>(options.longest_reconnect_delay.count());
  const double delay = std::min(std::ldexp(first, std::max(failures, 1) - 1), longest);
  return milliseconds(static_cast<std::int64_t>(delay * (0.5 + random / 2)));
}

// What is known of the stream as it is open now.
struct EventStream::Connection {
  Connection(const std::stop_token& stop_token, milliseconds patience_of_stream,
             std::size_t longest_line)
      : stop(stop_token), patience(patience_of_stream), splitter(longest_line) {}

  const std::stop_token& stop;
  milliseconds patience;
  LineSplitter splitter;
  MonotonicTime opened = steady_clock::now();
  MonotonicTime last_data = opened;
  bool answered = false;  // the agent has sent something
  bool asked = false;     // for the tasks that it did not tell of at the beginning
  std::string malformed;  // why the bytes make no sense; empty: they do
};

EventStream::EventStream(net::HttpClient& http, AgentAddress agent, EventStreamHooks hooks,
                         EventStreamOptions options)
    : http_(http), agent_(std::move(agent)), hooks_(std::move(hooks)), options_(options) {}

EventStream::~EventStream() {
  std::jthread thread;
  {
    const MutexLock lock(mutex_);
    thread = std::move(thread_);
  }
}

void EventStream::RequestStop() {
  const MutexLock lock(mutex_);
  thread_.request_stop();
}

Waits::Ticket EventStream::Begin(const std::string& id) {
  const MutexLock lock(mutex_);
  return waits_.Begin(id);
}

std::optional<Waits::Ticket> EventStream::BeginUnlessThere(const std::string& id) {
  const MutexLock lock(mutex_);
  return waits_.BeginUnlessThere(id);
}

void EventStream::Keep(const std::string& id, Waits::Ticket ticket) {
  {
    const MutexLock lock(mutex_);
    waits_.Keep(id, ticket);
    ++answered_submits_;
  }
  changed_.notify_all();
  Start();
}

void EventStream::End(const std::string& id, Waits::Ticket ticket) {
  const MutexLock lock(mutex_);
  waits_.End(id, ticket);
  NoteIfIdle();
  changed_.notify_all();
}

void EventStream::End(const std::string& id) {
  const MutexLock lock(mutex_);
  waits_.End(id);
  NoteIfIdle();
  changed_.notify_all();
}

bool EventStream::IsRunning() const {
  const MutexLock lock(mutex_);
  return running_;
}

void EventStream::Start() {
  std::jthread ended;  // joined below, outside of the lock: it has nothing left to do
  const MutexLock lock(mutex_);
  if (running_ || waits_.empty()) {
    return;
  }
  ended =
      std::exchange(thread_, std::jthread([this](const std::stop_token& stop) { RunToEnd(stop); }));
  running_ = true;
}

void EventStream::RunToEnd(const std::stop_token& stop) {
  pthread_setname_np(pthread_self(), "agent-events");
  try {
    Run(stop);
  } catch (const std::exception& exception) {
    log::Error("The event stream of an agent failed in a way that it must not; the process ends.",
               {{"agent", agent_.name}, {"error", exception.what()}});
    std::terminate();
  }
}

void EventStream::Run(const std::stop_token& stop) {
  std::uniform_real_distribution<double> chance(0.0, 1.0);
  milliseconds patience = options_.first_patience;
  int failures = 0;
  lost_since_.reset();
  const bool is_burst = Pause(stop, options_.first_look);
  if (!is_burst) {
    AskForUnconfirmed(stop);
  }
  while (IsWanted(stop)) {
    const MonotonicTime opened = steady_clock::now();
    const Ending ending = Listen(stop, patience);
    if (ending == Ending::kQuiet) {
      patience = std::min(2 * patience, options_.longest_patience);
      failures = 0;
    }
    if (ending == Ending::kQuiet || ending == Ending::kStopped) {
      continue;
    }
    hooks_.on_lost();
    const MonotonicTime now = steady_clock::now();
    if (ending == Ending::kRefused ||
        (lost_since_ && now - *lost_since_ > options_.give_up_after)) {
      WakeAll(ending == Ending::kRefused ? "refused" : "unreachable");
      lost_since_.reset();
    }
    // A stream that held for a while was good; one that breaks at once again is not.
    failures = now - opened > options_.longest_reconnect_delay ? 1 : failures + 1;
    Pause(stop, ReconnectDelay(failures, chance(random_), options_));
  }
}

bool EventStream::IsWanted(const std::stop_token& stop) {
  const MutexLock lock(mutex_);
  running_ = !stop.stop_requested() && !waits_.empty();
  return running_;
}

EventStream::Ending EventStream::Listen(const std::stop_token& stop, milliseconds patience) {
  {
    const MutexLock lock(mutex_);
    waits_.BeginConnection();
  }
  Connection connection(stop, patience, options_.longest_line);
  const net::HttpRequest request{.path = "/v1/events", .timeout = kHeadTimeout};
  const auto outcome = http_.Stream(
      request, stop, patience, [&](std::string_view piece) { return OnData(connection, piece); });
  {
    const MutexLock lock(mutex_);
    waits_.EndConnection();
  }
  return Judge(connection, outcome);
}

bool EventStream::OnData(Connection& connection, std::string_view piece) {
  if (!std::exchange(connection.answered, true)) {
    const MutexLock lock(mutex_);
    waits_.ProveConnection();
  }
  connection.last_data = steady_clock::now();
  lost_since_.reset();
  const auto lines = connection.splitter.Feed(piece);
  if (!lines) {
    connection.malformed = lines.error().message;
    return false;
  }
  bool told_all = connection.last_data - connection.opened >= options_.listing_time;
  for (const std::string& line : *lines) {
    // A stream begins with the reports of all tasks; a blank line says that there is no more to
    // tell for now.
    told_all = told_all || Trim(line).empty();
    if (!OnLine(connection, line)) {
      return false;
    }
  }
  if (told_all && !std::exchange(connection.asked, true)) {
    AskForUnconfirmed(connection.stop);
  }
  return !HasLingered();
}

bool EventStream::OnLine(Connection& connection, const std::string& line) {
  if (Trim(line).empty()) {
    return true;
  }
  const auto report = api::DecodeTaskReport(line);
  if (report) {
    if (Take(*report) && report->state != api::TaskState::kQueued) {
      hooks_.on_change(*report);
    }
    return true;
  }
  // An agent may have tasks of a newer operator, of kinds that are not known here.
  if (report.error().reason == api::reason::kAgentVersionSkew) {
    return true;
  }
  connection.malformed = report.error().message;
  return false;
}

EventStream::Ending EventStream::Judge(const Connection& connection,
                                       const Result<net::HttpResponse>& outcome) {
  if (connection.stop.stop_requested() || HasLingered()) {
    return Ending::kStopped;
  }
  const Call call{.operation = Operation::kEvents, .agent = agent_, .task_id = ""};
  std::string why = connection.malformed;
  bool refused = false;
  if (!outcome || outcome->status >= 300) {
    const Error error =
        outcome ? ExplainRefusal(call, *outcome) : ExplainNoAnswer(call, outcome.error());
    refused = error.reason == api::reason::kAgentUnauthorized;
    why = error.message;
  }
  if (refused) {
    return Ending::kRefused;
  }
  const MonotonicTime now = steady_clock::now();
  const bool quiet = !outcome && now - connection.last_data >= connection.patience;
  const bool answered = quiet || connection.answered || outcome.has_value();
  const bool reachable = answered && AskForUnconfirmed(connection.stop) == Reachable::kYes;
  if (reachable && quiet) {
    lost_since_.reset();
    return Ending::kQuiet;
  }
  if (!connection.malformed.empty() || (!reachable && !lost_since_)) {
    log::Warn("The event stream of an agent was lost; connecting again.",
              {{"agent", agent_.name}, {"url", agent_.url}, {"error", why}});
  }
  lost_since_ = reachable ? std::nullopt : std::optional(lost_since_.value_or(now));
  return Ending::kLost;
}

EventStream::Reachable EventStream::AskForUnconfirmed(const std::stop_token& stop) {
  std::vector<Waits::Open> unconfirmed;
  {
    const MutexLock lock(mutex_);
    unconfirmed = waits_.Unconfirmed();
  }
  for (const Waits::Open& open : unconfirmed) {
    if (stop.stop_requested()) {
      break;
    }
    const auto report = hooks_.ask(open.id);
    if (!report && report.error().code == ErrorCode::kUnavailable) {
      return Reachable::kNo;
    }
    if (report) {
      // That it goes on is no news; its progress comes by the stream.
      if (Take(*report) && api::IsFinal(report->state)) {
        hooks_.on_change(*report);
      }
      continue;
    }
    if (EndWait(open)) {
      hooks_.on_change(WakeUp(open.id));
    }
  }
  return Reachable::kYes;
}

bool EventStream::Take(const api::TaskReport& report) {
  const MutexLock lock(mutex_);
  const bool is_waited_for = waits_.Take(report);
  NoteIfIdle();
  return is_waited_for;
}

bool EventStream::EndWait(const Waits::Open& open) {
  const MutexLock lock(mutex_);
  const bool was_waited_for = waits_.End(open.id, open.ticket);
  NoteIfIdle();
  return was_waited_for;
}

void EventStream::WakeAll(const std::string& why) {
  std::vector<std::string> ids;
  {
    const MutexLock lock(mutex_);
    ids = waits_.EndAll();
    NoteIfIdle();
  }
  log::Warn("Stopped listening to an agent; its tasks are looked at one by one.",
            {{"agent", agent_.name}, {"url", agent_.url}, {"reason", why}, {"tasks", ids.size()}});
  for (const std::string& id : ids) {
    hooks_.on_change(WakeUp(id));
  }
}

bool EventStream::HasLingered() {
  const MutexLock lock(mutex_);
  return waits_.empty() && steady_clock::now() - idle_since_ >= options_.linger;
}

bool EventStream::Pause(const std::stop_token& stop, milliseconds delay) {
  const MutexLock lock(mutex_);
  const std::uint64_t seen = answered_submits_;
  // The agent has just answered somebody, or nobody waits any more: no reason to sleep on.
  return changed_.wait_for(mutex_, stop, delay, [this, seen]() REQUIRES(mutex_) {
    return answered_submits_ != seen || waits_.empty();
  });
}

void EventStream::NoteIfIdle() {
  if (waits_.empty()) {
    idle_since_ = steady_clock::now();
  }
}

}  // namespace tenantry::agents
