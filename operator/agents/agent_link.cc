#include "operator/agents/agent_link.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "common/api/protocol_codec.h"
#include "common/telemetry/metrics.h"

namespace tenantry::agents {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// How long an agent's version is taken for granted while it answers.
constexpr std::chrono::seconds kInfoLifetime{60};
// The event stream's own questions: the end of the process may have to wait for one.
constexpr milliseconds kAskTimeout{5'000};

const std::vector<double>& DurationBuckets() {
  static const std::vector<double> buckets{.001, .0025, .005, .01, .025, .05, .1,
                                           .25,  .5,    1,    2.5, 5,    10};
  return buckets;
}

std::string TaskPath(const std::string& id) { return "/v1/tasks/" + net::PercentEncode(id); }

}  // namespace

AgentLink::AgentLink(AgentAddress agent, std::unique_ptr<net::HttpClient> http, Settings settings,
                     telemetry::Registry& metrics,
                     const std::function<void(const api::TaskReport&)>& on_change)
    : agent_(std::move(agent)),
      http_(std::move(http)),
      settings_(settings),
      metrics_(metrics),
      stream_(*http_, agent_,
              {.ask =
                   [this](const std::string& id) {
                     return Ask(id, std::min(kAskTimeout, settings_.timeout));
                   },
               .on_change = [&on_change](const api::TaskReport& report) { on_change(report); },
               .on_lost = [this] { ForgetInfo(); }},
              settings_.events) {}

Result<api::TaskReport> AgentLink::Submit(const api::TaskRequest& request) {
  TRY(RecentInfo());
  const Call call{.operation = Operation::kSubmit, .agent = agent_, .task_id = request.id};
  const Waits::Ticket ticket = stream_.Begin(request.id);
  const auto response = Send(call, {.method = "POST",
                                    .path = "/v1/tasks",
                                    .body = api::EncodeTaskRequest(request),
                                    .content_type = "application/json",
                                    .timeout = settings_.timeout});
  auto report =
      Noted(response ? ReadReport(call, *response) : Result<api::TaskReport>(response.error()));
  if (report && !api::IsFinal(report->state)) {
    stream_.Keep(request.id, ticket);
  } else {
    stream_.End(request.id, ticket);
  }
  return report;
}

Result<api::TaskReport> AgentLink::Get(const std::string& id) {
  const std::optional<Waits::Ticket> ticket = stream_.BeginUnlessThere(id);
  auto report = Ask(id, settings_.timeout);
  const bool ended =
      report ? api::IsFinal(report->state) : report.error().code == ErrorCode::kNotFound;
  if (ended) {
    stream_.End(id);
  } else if (ticket && report) {
    stream_.Keep(id, *ticket);
  } else if (ticket) {
    stream_.End(id, *ticket);
  }
  return report;
}

Result<api::TaskReport> AgentLink::Ask(const std::string& id, milliseconds timeout) {
  const Call call{.operation = Operation::kGet, .agent = agent_, .task_id = id};
  const auto response = Send(call, {.path = TaskPath(id), .timeout = timeout});
  return Noted(response ? ReadReport(call, *response) : Result<api::TaskReport>(response.error()));
}

Result<void> AgentLink::Forget(const std::string& id) {
  stream_.End(id);
  const Call call{.operation = Operation::kForget, .agent = agent_, .task_id = id};
  const auto response =
      Send(call, {.method = "DELETE", .path = TaskPath(id), .timeout = settings_.timeout});
  if (!response) {
    return Noted(Result<void>(response.error()));
  }
  // The body tells the state by now, which nobody wants any more.
  const bool gone = response->status == 404;
  const bool taken = response->status >= 200 && response->status < 300;
  return gone || taken ? Result<void>() : Noted(Result<void>(ExplainRefusal(call, *response)));
}

Result<api::AgentInfo> AgentLink::Info() {
  const Call call{.operation = Operation::kInfo, .agent = agent_, .task_id = ""};
  const auto response = Send(call, {.path = "/v1/info", .timeout = settings_.timeout});
  auto info =
      Noted(response ? ReadInfo(call, *response) : Result<api::AgentInfo>(response.error()));
  if (info) {
    const MutexLock lock(mutex_);
    seen_ = Seen{*info, steady_clock::now()};
  }
  return info;
}

// An answer that was lost is asked for again, once, with the same request: the agent compares ids
// and bodies, so that the answer is right whether or not the first request arrived.
Result<net::HttpResponse> AgentLink::Send(const Call& call, const net::HttpRequest& request) {
  auto response = SendMeasured(call, request);
  if (!response && response.error().code == ErrorCode::kOutcomeUnknown) {
    response = SendMeasured(call, request);
  }
  if (!response) {
    return ExplainNoAnswer(call, response.error());
  }
  return response;
}

Result<net::HttpResponse> AgentLink::SendMeasured(const Call& call,
                                                  const net::HttpRequest& request) {
  const MonotonicTime begin = steady_clock::now();
  auto response = http_->Send(request);
  const std::chrono::duration<double> duration = steady_clock::now() - begin;
  // Without an answer there is no status; client-go's word for that.
  const std::string code = response ? std::to_string(response->status) : "<error>";
  metrics_
      .GetHistogram("tenantry_agent_request_duration_seconds",
                    "How long calls to agents took, by operation and HTTP status",
                    DurationBuckets(), {{"op", ToString(call.operation)}, {"code", code}})
      .Observe(duration.count());
  return response;
}

template <class T>
Result<T> AgentLink::Noted(Result<T> outcome) {
  // Whoever answers next may be another program.
  if (!outcome && (outcome.error().code == ErrorCode::kUnavailable ||
                   outcome.error().code == ErrorCode::kInvalid)) {
    ForgetInfo();
  }
  return outcome;
}

Result<api::AgentInfo> AgentLink::RecentInfo() {
  {
    const MutexLock lock(mutex_);
    if (seen_ && steady_clock::now() - seen_->at < kInfoLifetime) {
      return seen_->info;
    }
  }
  return Info();
}

void AgentLink::ForgetInfo() {
  const MutexLock lock(mutex_);
  seen_.reset();
}

}  // namespace tenantry::agents
