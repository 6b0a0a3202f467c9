#include "operator/reconcile/sinks.h"

#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "common/api/codec.h"
#include "common/telemetry/log.h"

namespace tenantry::reconcile {
namespace {

using kube::Json;

// The part that all sinks share: what a whole new list did not mention is gone.
class Sink : public kube::ReflectorSink {
 public:
  void Upsert(Json object) final {
    const Result<api::ObjectMeta> meta = api::DecodeObjectMeta(object);
    if (!meta) {
      log::Error("an object of the API server cannot be read", {{"error", meta.error().message}});
      return;
    }
    if (replacing_) {
      listed_.insert(meta->key());
    }
    Take(object, *meta, listed_once_ ? Origin::kWatch : Origin::kInitialList);
  }

  void Remove(const api::ObjectKey& key) final { Drop(key); }

  void BeginReplace() final {
    replacing_ = true;
    listed_.clear();
  }

  void EndReplace() final {
    replacing_ = false;
    for (const api::ObjectKey& key : Known()) {
      if (!listed_.contains(key)) {
        Drop(key);
      }
    }
    listed_.clear();
    listed_once_ = true;
  }

 protected:
  virtual void Take(const Json& object, const api::ObjectMeta& meta, Origin origin) = 0;
  virtual void Drop(const api::ObjectKey& key) = 0;
  virtual std::vector<api::ObjectKey> Known() const = 0;

 private:
  bool replacing_ = false;
  bool listed_once_ = false;
  std::set<api::ObjectKey> listed_;
};

class KindSink final : public Sink {
 public:
  KindSink(api::Kind kind, World& world, Router& router, Metrics& metrics)
      : kind_(kind), world_(world), router_(router), metrics_(metrics) {}

 private:
  template <class T>
  void Pass(Result<T> object, const api::ObjectMeta& meta, Origin origin) {
    if (!object) {
      log::Error("an object cannot be read; it is left alone",
                 {{"controllerKind", api::ToString(kind_)},
                  {"namespace", meta.ns.value()},
                  {"name", meta.name.value()},
                  {"error", object.error().message}});
      return;
    }
    router_.Seen(*std::move(object), origin);
  }

  void Take(const Json& object, const api::ObjectMeta& meta, Origin origin) override {
    switch (kind_) {
      case api::Kind::kDataStore:
        Pass(api::DecodeDataStore(object), meta, origin);
        break;
      case api::Kind::kTenant:
        Pass(api::DecodeTenant(object), meta, origin);
        break;
      case api::Kind::kFixtureSet:
        Pass(api::DecodeFixtureSet(object), meta, origin);
        break;
    }
    Count();
  }

  void Drop(const api::ObjectKey& key) override {
    router_.Gone(kind_, key);
    Count();
  }

  std::vector<api::ObjectKey> Known() const override {
    switch (kind_) {
      case api::Kind::kDataStore:
        return world_.stores.Keys();
      case api::Kind::kTenant:
        return world_.tenants.Keys();
      case api::Kind::kFixtureSet:
        return world_.fixture_sets.Keys();
    }
    return {};
  }

  std::size_t size() const {
    switch (kind_) {
      case api::Kind::kDataStore:
        return world_.stores.size();
      case api::Kind::kTenant:
        return world_.tenants.size();
      case api::Kind::kFixtureSet:
        return world_.fixture_sets.size();
    }
    return 0;
  }

  void Count() { metrics_.SetCacheObjects(api::ToString(kind_), size()); }

  api::Kind kind_;
  World& world_;
  Router& router_;
  Metrics& metrics_;
};

class AgentSink final : public Sink {
 public:
  AgentSink(World& world, Router& router, Metrics& metrics)
      : world_(world), router_(router), metrics_(metrics) {}

 private:
  static bool IsReady(const Json& status) {
    if (!status.contains("conditions") || !status["conditions"].is_array()) {
      return false;
    }
    for (const Json& condition : status["conditions"]) {
      if (condition.is_object() && condition.value("type", Json()) == "Ready") {
        return condition.value("status", Json()) == "True";
      }
    }
    return false;
  }

  void Take(const Json& object, const api::ObjectMeta& meta, Origin origin) override {
    AgentPod pod{.meta = meta};
    if (object.contains("status") && object["status"].is_object()) {
      const Json& status = object["status"];
      if (status.contains("podIP") && status["podIP"].is_string()) {
        pod.ip = status["podIP"].get<std::string>();
      }
      pod.ready = IsReady(status);
    }
    router_.Seen(std::move(pod), origin);
    metrics_.SetCacheObjects("Pod", world_.agents.size());
  }

  void Drop(const api::ObjectKey& key) override {
    router_.AgentGone(key);
    metrics_.SetCacheObjects("Pod", world_.agents.size());
  }

  std::vector<api::ObjectKey> Known() const override { return world_.agents.Keys(); }

  World& world_;
  Router& router_;
  Metrics& metrics_;
};

// Keeps only the labels of each object: they tell whom to wake when it goes.
class ReferenceSink final : public Sink {
 public:
  ReferenceSink(Router::Reference reference, Router& router, References& references)
      : reference_(reference), router_(router), references_(references) {}

 private:
  void Take(const Json& /*object*/, const api::ObjectMeta& meta, Origin origin) override {
    references_.Forget(meta.key());
    known_.insert_or_assign(meta.key(), meta.labels);
    router_.ReferenceChanged(reference_, meta, origin);
  }

  void Drop(const api::ObjectKey& key) override {
    const auto found = known_.find(key);
    if (found == known_.end()) {
      return;
    }
    const api::ObjectMeta gone{.ns = key.ns, .name = key.name, .labels = found->second};
    known_.erase(found);
    references_.Forget(key);
    router_.ReferenceChanged(reference_, gone, Origin::kWatch);
  }

  std::vector<api::ObjectKey> Known() const override {
    std::vector<api::ObjectKey> keys;
    for (const auto& [key, labels] : known_) {
      keys.push_back(key);
    }
    return keys;
  }

  Router::Reference reference_;
  Router& router_;
  References& references_;
  std::map<api::ObjectKey, std::map<std::string, std::string>> known_;
};

}  // namespace

std::unique_ptr<kube::ReflectorSink> MakeKindSink(api::Kind kind, World& world, Router& router,
                                                  Metrics& metrics) {
  return std::make_unique<KindSink>(kind, world, router, metrics);
}

std::unique_ptr<kube::ReflectorSink> MakeAgentSink(World& world, Router& router, Metrics& metrics) {
  return std::make_unique<AgentSink>(world, router, metrics);
}

std::unique_ptr<kube::ReflectorSink> MakeReferenceSink(Router::Reference reference, Router& router,
                                                       References& references) {
  return std::make_unique<ReferenceSink>(reference, router, references);
}

}  // namespace tenantry::reconcile
