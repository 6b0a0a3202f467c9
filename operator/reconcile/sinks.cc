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
  explicit Sink(api::Namespace ns) : ns_(std::move(ns)) {}

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
      const bool is_ours = ns_.empty() || key.ns == ns_;
      if (is_ours && !listed_.contains(key)) {
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
  const api::Namespace ns_;  // empty: all
  bool replacing_ = false;
  bool listed_once_ = false;
  std::set<api::ObjectKey> listed_;
};

class KindSink final : public Sink {
 public:
  KindSink(api::Kind kind, const api::Namespace& ns, const Informed& informed)
      : Sink(ns), kind_(kind), informed_(informed) {}

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
    informed_.router.Seen(*std::move(object), origin);
  }

  void Take(const Json& object, const api::ObjectMeta& meta, Origin origin) override {
    if (IsKnown(meta)) {
      return;  // mostly the echo of an own write
    }
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
    informed_.router.Gone(kind_, key);
    Count();
  }

  std::vector<api::ObjectKey> Known() const override {
    switch (kind_) {
      case api::Kind::kDataStore:
        return informed_.world.stores.Keys();
      case api::Kind::kTenant:
        return informed_.world.tenants.Keys();
      case api::Kind::kFixtureSet:
        return informed_.world.fixture_sets.Keys();
    }
    return {};
  }

  bool IsKnown(const api::ObjectMeta& meta) const {
    switch (kind_) {
      case api::Kind::kDataStore:
        return informed_.world.stores.Has(meta);
      case api::Kind::kTenant:
        return informed_.world.tenants.Has(meta);
      case api::Kind::kFixtureSet:
        return informed_.world.fixture_sets.Has(meta);
    }
    return false;
  }

  std::size_t size() const {
    switch (kind_) {
      case api::Kind::kDataStore:
        return informed_.world.stores.size();
      case api::Kind::kTenant:
        return informed_.world.tenants.size();
      case api::Kind::kFixtureSet:
        return informed_.world.fixture_sets.size();
    }
    return 0;
  }

  void Count() { informed_.metrics.SetCacheObjects(api::ToString(kind_), size()); }

  api::Kind kind_;
  const Informed informed_;
};

class AgentSink final : public Sink {
 public:
  AgentSink(const api::Namespace& ns, const Informed& informed) : Sink(ns), informed_(informed) {}

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
    informed_.router.Seen(std::move(pod), origin);
    informed_.metrics.SetCacheObjects("Pod", informed_.world.agents.size());
  }

  void Drop(const api::ObjectKey& key) override {
    informed_.router.AgentGone(key);
    informed_.metrics.SetCacheObjects("Pod", informed_.world.agents.size());
  }

  std::vector<api::ObjectKey> Known() const override { return informed_.world.agents.Keys(); }

  const Informed informed_;
};

class ReferenceSink final : public Sink {
 public:
  ReferenceSink(Reference reference, const api::Namespace& ns, const Informed& informed)
      : Sink(ns), reference_(reference), informed_(informed) {}

 private:
  void Take(const Json& /*object*/, const api::ObjectMeta& meta, Origin origin) override {
    if (informed_.index.Update(reference_, meta)) {
      informed_.references.Forget(reference_, meta.key());
      informed_.router.ReferenceChanged(reference_, meta.key(), ReferenceIndex::OwnerOf(meta),
                                        origin);
    }
    Count();
  }

  void Drop(const api::ObjectKey& key) override {
    const auto removed = informed_.index.Remove(reference_, key);
    informed_.references.Forget(reference_, key);
    if (removed) {
      informed_.router.ReferenceChanged(reference_, key, removed->owner, Origin::kWatch);
    }
    Count();
  }

  std::vector<api::ObjectKey> Known() const override { return informed_.index.Keys(reference_); }

  void Count() {
    informed_.metrics.SetCacheObjects(reference_ == Reference::kSecret ? "Secret" : "ConfigMap",
                                      informed_.index.size(reference_));
  }

  Reference reference_;
  const Informed informed_;
};

}  // namespace

std::unique_ptr<kube::ReflectorSink> MakeKindSink(api::Kind kind, const api::Namespace& ns,
                                                  const Informed& informed) {
  return std::make_unique<KindSink>(kind, ns, informed);
}

std::unique_ptr<kube::ReflectorSink> MakeAgentSink(const api::Namespace& ns,
                                                   const Informed& informed) {
  return std::make_unique<AgentSink>(ns, informed);
}

std::unique_ptr<kube::ReflectorSink> MakeReferenceSink(Reference reference,
                                                       const api::Namespace& ns,
                                                       const Informed& informed) {
  return std::make_unique<ReferenceSink>(reference, ns, informed);
}

}  // namespace tenantry::reconcile
