#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <stop_token>
#include <string>
#include <utility>

#include "agent/tasks/task.h"
#include "common/api/protocol_codec.h"

// Tasks of an agent, called as its runner calls them.
namespace tenantry::testing {

template <class T>
struct TaskAnswer {
  T result;
  std::optional<Error> error;
  api::Progress progress;  // the last that was reported

  std::string message() const { return error ? error->message : ""; }
  std::string reason() const { return error ? error->reason : ""; }
  std::optional<ErrorCode> code() const {
    return error ? std::optional<ErrorCode>(error->code) : std::nullopt;
  }
};

class RecordingContext final : public agent::TaskContext {
 public:
  explicit RecordingContext(std::stop_token stop) : stop_(std::move(stop)) {}
  std::stop_token stop() const override { return stop_; }
  void ReportProgress(const api::Progress& progress) override { last_ = progress; }
  const api::Progress& last() const { return last_; }

 private:
  std::stop_token stop_;
  api::Progress last_;
};

template <class T, class Spec>
TaskAnswer<T> CallTask(const agent::TaskHandlers& handlers, api::TaskKind kind,
                       const std::string& tenant, const Spec& spec, std::stop_token stop = {}) {
  RecordingContext context(std::move(stop));
  const api::TaskRequest request{.id = "test-1-" + tenant,
                                 .kind = kind,
                                 .tenant = api::TenantId(tenant),
                                 .spec_json = api::Encode(spec)};
  const agent::TaskOutcome outcome = handlers.at(kind)(request, context);
  TaskAnswer<T> answer{.result = {}, .error = outcome.error, .progress = context.last()};
  if (!outcome.result_json.empty()) {
    const Result<T> decoded = api::Decode<T>(outcome.result_json);
    EXPECT_TRUE(decoded) << outcome.result_json;
    answer.result = decoded ? *decoded : T{};
  }
  return answer;
}

}  // namespace tenantry::testing
