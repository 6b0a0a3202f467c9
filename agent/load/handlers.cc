#include "agent/load/handlers.h"

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "agent/load/job.h"
#include "agent/load/load_order.h"
#include "agent/load/redis_loader.h"
#include "agent/load/source.h"
#include "agent/load/table_loader.h"
#include "agent/load/unloader.h"
#include "agent/postgres/connection.h"
#include "agent/redis/connection.h"
#include "common/api/protocol_codec.h"
#include "common/api/reasons.h"

namespace tenantry::agent {
namespace {

constexpr char kApplication[] = "tenantry-agent";

load::Origin OriginOf(const api::LoadDataset& dataset) {
  const std::string& path = dataset.dataset.source.volume_path;
  const bool known = !dataset.origin.empty() || path.empty();
  return {.dataset = dataset.dataset.name, .source = known ? dataset.origin : "file " + path};
}

Result<std::unique_ptr<load::Source>> OpenSource(const LoadOptions& options,
                                                 const api::LoadDataset& dataset,
                                                 const load::Origin& origin) {
  const api::DatasetSource& source = dataset.dataset.source;
  if (source.inline_text) {
    return load::MakeInlineSource(*source.inline_text);
  }
  if (!source.volume_path.empty()) {
    return load::OpenFileSource(options.fixtures_dir, source.volume_path, origin);
  }
  return Error{.code = ErrorCode::kInvalid,
               .message = "Dataset " + origin.dataset + " has no source. Give it one.",
               .reason = api::reason::kInvalidSpec};
}

// A Load task: its datasets one after the other, parents before those that refer to them.
class LoadTask {
 public:
  LoadTask(const LoadOptions& options, const api::TaskRequest& request, const api::LoadSpec& spec,
           TaskContext& context)
      : options_(options), tenant_(request.tenant), spec_(spec), context_(context) {}

  // What was loaded before an error is in result().
  Result<void> Run() {
    connection_ = TRY(postgres::Connection::Open(spec_.postgres, kApplication, context_.stop()));
    for (const std::size_t index : TRY(load::OrderOfLoading(*connection_, spec_))) {
      datasets_.push_back({.dataset = &spec_.datasets[index],
                           .origin = OriginOf(spec_.datasets[index]),
                           .source = {}});
      Opened& opened = datasets_.back();
      opened.source = TRY(OpenSource(options_, *opened.dataset, opened.origin));
    }
    load::ProgressMeter progress(context_, TotalBytes());
    for (const Opened& dataset : datasets_) {
      if (progress.stopping()) {
        return load::Cancelled(dataset.origin);
      }
      TRY(LoadOne(dataset, progress));
    }
    return {};
  }
  const api::LoadResult& result() const { return result_; }

 private:
  struct Opened {
    const api::LoadDataset* dataset = nullptr;
    load::Origin origin;
    std::unique_ptr<load::Source> source;
  };

  // 0: unknown.
  std::int64_t TotalBytes() const {
    std::int64_t total = 0;
    for (const Opened& dataset : datasets_) {
      const std::optional<std::int64_t> bytes = dataset.source->bytes();
      if (!bytes) {
        return 0;
      }
      total += *bytes;
    }
    return total;
  }

  Result<void> LoadOne(const Opened& opened, load::ProgressMeter& progress) {
    const load::Job job = {.tenant = tenant_,
                           .fixture_set = spec_.fixture_set,
                           .schema = spec_.schema,
                           .track = spec_.track_rows ? load::TrackRows::kYes : load::TrackRows::kNo,
                           .dataset = opened.dataset->dataset,
                           .origin = opened.origin,
                           .source = *opened.source};
    if (job.dataset.target.redis) {
      TRY(OpenRedis(opened.origin));
      if (!connection_) {
        connection_ =
            TRY(postgres::Connection::Open(spec_.postgres, kApplication, context_.stop()));
      }
      result_.datasets.push_back(TRY(load::LoadRedis(*connection_, *redis_, job, progress)));
    } else {
      connection_.reset();  // a tenant may have few sessions, and the load opens its own
      load::TableOutcome outcome = load::LoadTable(spec_.postgres, job, options_.limits, progress);
      // After an error only what has come into the table is worth telling.
      if (!outcome.error || outcome.result.status.counters.read > 0) {
        result_.datasets.push_back(std::move(outcome.result));
      }
      TRY(outcome.error ? Result<void>(*std::move(outcome.error)) : Result<void>());
    }
    const api::DatasetStatus& status = result_.datasets.back().status;
    progress.EndDataset(status.bytes, status.counters.read);
    return {};
  }

  Result<void> OpenRedis(const load::Origin& origin) {
    if (!spec_.redis) {
      return Error{.code = ErrorCode::kInvalid,
                   .message = "Dataset " + origin.dataset +
                              " is for Redis, and the data store has none. Add redis to the "
                              "DataStore, or give the dataset a table.",
                   .reason = api::reason::kInvalidSpec};
    }
    if (!redis_) {
      redis_ = TRY(redis::Connection::Open(*spec_.redis));
    }
    return {};
  }

  const LoadOptions& options_;
  const api::TenantId& tenant_;
  const api::LoadSpec& spec_;
  TaskContext& context_;
  std::unique_ptr<postgres::Connection> connection_;
  std::unique_ptr<redis::Connection> redis_;
  std::vector<Opened> datasets_;
  api::LoadResult result_;
};

TaskOutcome HandleLoad(const LoadOptions& options, const api::TaskRequest& request,
                       TaskContext& context) {
  const Result<api::LoadSpec> spec = api::Decode<api::LoadSpec>(request.spec_json);
  if (!spec) {
    return {.result_json = "", .error = spec.error()};
  }
  LoadTask task(options, request, *spec, context);
  const Result<void> done = task.Run();
  return {.result_json = api::Encode(task.result()),
          .error = done ? std::nullopt : std::optional<Error>(done.error())};
}

Result<api::UnloadResult> RunUnload(const api::TaskRequest& request, TaskContext& context) {
  const api::UnloadSpec spec = TRY(api::Decode<api::UnloadSpec>(request.spec_json));
  const std::unique_ptr<postgres::Connection> connection =
      TRY(postgres::Connection::Open(spec.postgres, kApplication, context.stop()));
  std::unique_ptr<redis::Connection> redis;
  if (spec.redis) {
    redis = TRY(redis::Connection::Open(*spec.redis));
  }
  return load::Unload(*connection, redis.get(), request.tenant, spec.fixture_set, context);
}

TaskOutcome HandleUnload(const api::TaskRequest& request, TaskContext& context) {
  const Result<api::UnloadResult> result = RunUnload(request, context);
  if (!result) {
    return {.result_json = "", .error = result.error()};
  }
  return {.result_json = api::Encode(*result), .error = std::nullopt};
}

}  // namespace

TaskHandlers MakeLoadHandlers(LoadOptions options) {
  TaskHandlers handlers;
  handlers[api::TaskKind::kLoad] = [options = std::move(options)](const api::TaskRequest& request,
                                                                  TaskContext& context) {
    return HandleLoad(options, request, context);
  };
  handlers[api::TaskKind::kUnload] = HandleUnload;
  return handlers;
}

}  // namespace tenantry::agent
