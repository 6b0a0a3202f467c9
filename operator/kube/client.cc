#include "operator/kube/client.h"

#include <random>
#include <utility>

#include "common/telemetry/log.h"
#include "operator/kube/decode.h"
#include "operator/kube/list_splitter.h"
#include "operator/kube/paths.h"
#include "operator/kube/transport.h"

namespace tenantry::kube {
namespace {

constexpr std::chrono::minutes kListPatience{5};
constexpr char kJsonType[] = "application/json";
constexpr char kFieldManager[] = "tenantry-controller";
constexpr char kStatusFieldManager[] = "tenantry-controller-status";
constexpr char kMetadataAccept[] = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
constexpr char kMetadataListAccept[] =
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

// Text that came from a database may be broken UTF-8; the API server takes none, so it is replaced.
std::string Encode(const Json& object) {
  return object.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string Describe(const std::string& verb, const Resource& resource, const api::Namespace& ns,
                     const api::Name& name) {
  std::string text = verb + " " + resource.plural;
  if (!ns.empty() || !name.empty()) {
    text += " " + ns.value();
    text += ns.empty() || name.empty() ? "" : "/";
    text += name.value();
  }
  return text;
}

// An object too deep to read is somebody's mischief: left out, so that it stops nobody else's.
void LogLeftOut(const std::string& what, const Error& error) {
  log::Warn("left out an object that cannot be read", {{"call", what}, {"error", error.message}});
}

// Five to ten minutes, as client-go: servers must be able to drain, but not all watches at once.
std::chrono::seconds RandomWatchTimeout() {
  thread_local std::minstd_rand random{std::random_device{}()};
  return std::chrono::seconds(std::uniform_int_distribution<int>(300, 600)(random));
}

Result<api::Name> NameIn(const Json& object, const std::string& what) {
  api::Name name = KeyOf(object).name;
  if (name.empty()) {
    return Error{ErrorCode::kInternal, what + ": the object has no metadata.name"};
  }
  return name;
}

class HttpKubeClient final : public Client {
 public:
  explicit HttpKubeClient(std::unique_ptr<Transport> transport)
      : transport_(std::move(transport)) {}

  Result<Json> Get(const Resource& resource, const api::Namespace& ns,
                   const api::Name& name) override {
    return Exchange(
        {.path = ResourcePath(resource, ns, name), .what = Describe("get", resource, ns, name)});
  }

  Result<std::string> List(const Resource& resource, const ListOptions& options,
                           const ObjectSink& sink, std::stop_token stop) override;

  Result<Json> Create(const Resource& resource, const api::Namespace& ns,
                      const Json& object) override {
    return Exchange(
        {.method = "POST",
         .path = WithQuery(ResourcePath(resource, ns), {{"fieldManager", kFieldManager}}),
         .what = Describe("create", resource, ns, KeyOf(object).name),
         .body = Encode(object),
         .content_type = kJsonType});
  }

  Result<Json> Apply(const Resource& resource, const api::Namespace& ns, const Json& object,
                     const std::string& field_manager, bool force) override {
    const api::Name name = TRY(NameIn(object, "apply " + resource.plural));
    return Exchange(
        {.method = "PATCH",
         .path = WithQuery(ResourcePath(resource, ns, name),
                           {{"fieldManager", field_manager}, {"force", force ? "true" : "false"}}),
         .what = Describe("apply", resource, ns, name),
         .body = Encode(object),
         .content_type = "application/apply-patch+yaml"});
  }

  Result<Json> JsonPatch(const Resource& resource, const api::Namespace& ns, const api::Name& name,
                         const Json& patch) override {
    return SendPatch(
        {.method = "PATCH",
         .path = WithQuery(ResourcePath(resource, ns, name), {{"fieldManager", kFieldManager}}),
         .what = Describe("patch", resource, ns, name)},
        patch);
  }

  Result<Json> PatchStatus(const Resource& resource, const api::Namespace& ns,
                           const api::Name& name, const Json& patch) override {
    return SendPatch({.method = "PATCH",
                      .path = WithQuery(ResourcePath(resource, ns, name, "status"),
                                        {{"fieldManager", kStatusFieldManager}}),
                      .what = Describe("patch status of", resource, ns, name)},
                     patch);
  }

  Result<Json> Replace(const Resource& resource, const api::Namespace& ns,
                       const Json& object) override {
    const api::Name name = TRY(NameIn(object, "replace " + resource.plural));
    return Exchange(
        {.method = "PUT",
         .path = WithQuery(ResourcePath(resource, ns, name), {{"fieldManager", kFieldManager}}),
         .what = Describe("replace", resource, ns, name),
         .body = Encode(object),
         .content_type = kJsonType});
  }

  Result<void> Delete(const Resource& resource, const api::Namespace& ns, const api::Name& name,
                      const DeleteOptions& options) override;

  Result<void> Watch(const Resource& resource, const WatchOptions& options, std::stop_token stop,
                     const std::function<bool(WatchEvent)>& on_event) override;

 private:
  struct Page {
    ListMetadata metadata;
    bool stopped = false;
  };

  Result<Json> Exchange(const Call& call) {
    const net::HttpResponse response = TRY(transport_->Send(call));
    Result<Json> object = DecodeObject(response.body);
    if (!object) {
      return WithContext(std::move(object).error(), call.what);
    }
    return object;
  }
  Result<Json> SendPatch(Call call, const Json& patch) {
    call.body = Encode(patch);
    call.content_type = "application/json-patch+json";
    Result<Json> patched = Exchange(call);
    if (!patched) {
      return DecodePatchError(std::move(patched).error(), patch);
    }
    return patched;
  }
  Result<Page> ListPage(const Call& call, const ObjectSink& sink, const std::stop_token& stop);

  std::unique_ptr<Transport> transport_;
};

Result<std::string> HttpKubeClient::List(const Resource& resource, const ListOptions& options,
                                         const ObjectSink& sink, std::stop_token stop) {
  Call call{.what = Describe("list", resource, options.ns, {})};
  if (options.metadata_only) {
    call.accept = kMetadataListAccept;
  }
  Page page;
  do {
    call.path = ListPath(resource, options, page.metadata.continue_token);
    page = TRY(ListPage(call, sink, stop));
  } while (!page.stopped && !page.metadata.continue_token.empty());
  return page.metadata.resource_version;
}

Result<HttpKubeClient::Page> HttpKubeClient::ListPage(const Call& call, const ObjectSink& sink,
                                                      const std::stop_token& stop) {
  // As long as bytes come in it is well: a whole list of ten thousand objects takes its time.
  const auto deadline = std::chrono::steady_clock::now() + kListPatience;
  ListSplitter splitter;
  Result<void> outcome;
  const auto on_item = [&](std::string_view text) {
    Result<Json> object = DecodeObject(text);
    if (object) {
      return sink(std::move(object).value());
    }
    if (object.error().reason == kUnreadable) {
      LogLeftOut(call.what, object.error());
      return true;
    }
    outcome = std::move(object).error();
    return false;
  };
  const auto on_data = [&](std::string_view piece) {
    if (std::chrono::steady_clock::now() > deadline) {
      outcome = Error{ErrorCode::kUnavailable, "the list did not arrive in time"};
      return false;
    }
    Result<void> pushed = splitter.Push(piece, on_item);
    if (!pushed) {
      outcome = std::move(pushed);
    }
    return outcome.has_value() && !splitter.stopped();
  };
  TRY(transport_->Stream(call, stop, transport_->call_timeout(), on_data));
  if (!outcome) {
    return WithContext(std::move(outcome).error(), call.what);
  }
  if (splitter.stopped()) {
    return Page{.stopped = true};
  }
  Result<ListMetadata> metadata = splitter.Finish();
  if (!metadata) {
    return WithContext(std::move(metadata).error(), call.what);
  }
  return Page{.metadata = std::move(metadata).value()};
}

Result<void> HttpKubeClient::Delete(const Resource& resource, const api::Namespace& ns,
                                    const api::Name& name, const DeleteOptions& options) {
  Json body = {{"apiVersion", "v1"}, {"kind", "DeleteOptions"}};
  if (!options.uid.empty()) {
    body["preconditions"]["uid"] = options.uid;
  }
  if (!options.resource_version.empty()) {
    body["preconditions"]["resourceVersion"] = options.resource_version;
  }
  TRY(transport_->Send({.method = "DELETE",
                        .path = ResourcePath(resource, ns, name),
                        .what = Describe("delete", resource, ns, name),
                        .body = Encode(body),
                        .content_type = kJsonType}));
  return {};
}

Result<void> HttpKubeClient::Watch(const Resource& resource, const WatchOptions& options,
                                   std::stop_token stop,
                                   const std::function<bool(WatchEvent)>& on_event) {
  Call call{.path = WatchPath(resource, options, RandomWatchTimeout()),
            .what = Describe("watch", resource, options.list.ns, {}),
            .is_watch = true};
  if (options.list.metadata_only) {
    call.accept = kMetadataAccept;
  }
  LineSplitter splitter;
  Result<void> outcome;
  const auto on_line = [&](std::string_view line) {
    Result<WatchEvent> event = DecodeWatchLine(line);
    if (event) {
      return on_event(std::move(event).value());
    }
    if (event.error().reason == kUnreadable) {
      LogLeftOut(call.what, event.error());
      return true;
    }
    outcome = std::move(event).error();
    return false;
  };
  const auto on_data = [&](std::string_view piece) {
    Result<void> pushed = splitter.Push(piece, on_line);
    if (!pushed) {
      outcome = std::move(pushed);
    }
    return outcome.has_value() && !splitter.stopped();
  };
  TRY(transport_->Stream(call, stop, options.idle_timeout, on_data));
  if (!outcome) {
    return WithContext(std::move(outcome).error(), call.what);
  }
  if (splitter.in_line() && !splitter.stopped()) {
    return Error{ErrorCode::kUnavailable, call.what + ": ended in the middle of an event"};
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Client>> Client::Make(const Config& config, telemetry::Registry& metrics,
                                             const ClientOptions& options) {
  return std::unique_ptr<Client>(
      std::make_unique<HttpKubeClient>(TRY(Transport::Make(config, metrics, options))));
}

}  // namespace tenantry::kube
