#include "agent/load/handlers.h"

#include <memory>
#include <optional>
#include <utility>

#include "agent/load/content_hash.h"
#include "agent/load/job.h"
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

// A Load task: one session for all its datasets.
class LoadTask {
 public:
  LoadTask(const LoadOptions& options, const api::TaskRequest& request, const api::LoadSpec& spec,
           TaskContext& context)
      : options_(options), tenant_(request.tenant), spec_(spec), progress_(context) {}

  // What was loaded before an error is in result().
  Result<void> Run() {
    connection_ = TRY(postgres::Connection::Open(spec_.postgres, kApplication, progress_.stop()));
    for (const api::LoadDataset& dataset : spec_.datasets) {
      result_.datasets.push_back(TRY(LoadOne(dataset)));
    }
    return {};
  }
  const api::LoadResult& result() const { return result_; }

 private:
  Result<api::DatasetResult> LoadOne(const api::LoadDataset& dataset) {
    const load::Origin origin = OriginOf(dataset);
    if (progress_.stopping()) {
      return load::Cancelled(origin);
    }
    const std::unique_ptr<load::Source> source = TRY(OpenSource(options_, dataset, origin));
    const load::Checksum checksum = TRY(load::Measure(*source, progress_.stop()));
    const load::TrackRows track = spec_.track_rows ? load::TrackRows::kYes : load::TrackRows::kNo;
    const load::Job job = {
        .tenant = tenant_,
        .fixture_set = spec_.fixture_set,
        .schema = spec_.schema,
        .track = track,
        .dataset = dataset.dataset,
        .origin = origin,
        .source = *source,
        .checksum = checksum,
        .content_hash = load::ContentHash(checksum.sha256, spec_.schema, dataset.dataset, track)};
    if (!dataset.dataset.target.redis) {
      return load::LoadTable(*connection_, job, progress_);
    }
    TRY(OpenRedis(origin));
    return load::LoadRedis(*connection_, *redis_, job, progress_);
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
  load::ProgressMeter progress_;
  std::unique_ptr<postgres::Connection> connection_;
  std::unique_ptr<redis::Connection> redis_;
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
