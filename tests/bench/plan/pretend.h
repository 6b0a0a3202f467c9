#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <tuple>

#include "operator/agents/client.h"
#include "operator/kube/client.h"
#include "operator/kube/events.h"

// Peers that answer at once, so that a benchmark measures the operator's own work.
namespace tenantry::bench {

// Keeps objects in memory and counts requests.
class PretendKube final : public kube::Client {
 public:
  using Json = kube::Json;

  void Put(const kube::Resource& resource, const Json& object);
  std::int64_t requests() const { return requests_; }

  Result<Json> Get(const kube::Resource& resource, const api::Namespace& ns,
                   const api::Name& name) override;
  Result<Json> Create(const kube::Resource& resource, const api::Namespace& ns,
                      const Json& object) override;
  Result<Json> PatchStatus(const kube::Resource& resource, const api::Namespace& ns,
                           const api::Name& name, const Json& patch) override;

  // What a settled Tenant never needs.
  Result<std::string> List(const kube::Resource&, const kube::ListOptions&, const kube::ObjectSink&,
                           std::stop_token) override;
  Result<Json> Apply(const kube::Resource&, const api::Namespace&, const Json&, const std::string&,
                     bool) override;
  Result<Json> JsonPatch(const kube::Resource&, const api::Namespace&, const api::Name&,
                         const Json&) override;
  Result<Json> Replace(const kube::Resource&, const api::Namespace&, const Json&) override;
  Result<void> Delete(const kube::Resource&, const api::Namespace&, const api::Name&,
                      const kube::DeleteOptions&) override;
  Result<void> Watch(const kube::Resource&, const kube::WatchOptions&, std::stop_token,
                     const std::function<bool(kube::WatchEvent)>&) override;

 private:
  Json* Find(const kube::Resource& resource, const api::Namespace& ns, const api::Name& name);
  Json& Stamp(Json& object);  // a new resourceVersion

  std::map<std::tuple<std::string, std::string, std::string>, Json> objects_;
  std::int64_t requests_ = 0;
  std::int64_t version_ = 1;
};

// Every task succeeds at once.
class PretendAgent final : public agents::Client {
 public:
  Result<api::TaskReport> Submit(const agents::AgentAddress& agent,
                                 const api::TaskRequest& request) override;
  Result<api::TaskReport> Get(const agents::AgentAddress& agent, const std::string& id) override;
  Result<void> Forget(const agents::AgentAddress& agent, const std::string& id) override;
  Result<api::AgentInfo> Info(const agents::AgentAddress& agent) override;
  Result<api::AgentInfo> RecentInfo(const agents::AgentAddress& agent) override;
};

class NoEvents final : public kube::EventRecorder {
 public:
  void Record(const kube::EventSubject&, kube::EventType, const std::string&,
              const std::string&) override {}
};

}  // namespace tenantry::bench
