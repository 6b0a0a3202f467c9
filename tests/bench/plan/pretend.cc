#include "tests/bench/plan/pretend.h"

#include <utility>

#include "operator/kube/decode.h"

namespace tenantry::bench {
namespace {

Error Unexpected(const char* request) {
  return {ErrorCode::kInternal, std::string("a settled Tenant asks for ") + request};
}

}  // namespace

kube::Json* PretendKube::Find(const kube::Resource& resource, const api::Namespace& ns,
                              const api::Name& name) {
  const auto found = objects_.find({resource.plural, ns.value(), name.value()});
  return found == objects_.end() ? nullptr : &found->second;
}

kube::Json& PretendKube::Stamp(Json& object) {
  object["metadata"]["resourceVersion"] = std::to_string(++version_);
  return object;
}

void PretendKube::Put(const kube::Resource& resource, const Json& object) {
  const api::ObjectKey key = kube::KeyOf(object);
  objects_[{resource.plural, key.ns.value(), key.name.value()}] = object;
}

Result<kube::Json> PretendKube::Get(const kube::Resource& resource, const api::Namespace& ns,
                                    const api::Name& name) {
  ++requests_;
  const Json* object = Find(resource, ns, name);
  return object == nullptr ? Result<Json>(Error{ErrorCode::kNotFound, "no such object"})
                           : Result<Json>(*object);
}

Result<kube::Json> PretendKube::Create(const kube::Resource& resource, const api::Namespace& /*ns*/,
                                       const Json& object) {
  ++requests_;
  Json created = object;
  Put(resource, Stamp(created));
  return created;
}

Result<kube::Json> PretendKube::PatchStatus(const kube::Resource& resource,
                                            const api::Namespace& ns, const api::Name& name,
                                            const Json& patch) {
  ++requests_;
  Json* object = Find(resource, ns, name);
  if (object == nullptr) {
    return Error{ErrorCode::kNotFound, "no such object"};
  }
  *object = object->patch(patch);
  return Stamp(*object);
}

Result<std::string> PretendKube::List(const kube::Resource&, const kube::ListOptions&,
                                      const kube::ObjectSink&, std::stop_token) {
  return Unexpected("a list");
}
Result<kube::Json> PretendKube::Apply(const kube::Resource&, const api::Namespace&, const Json&,
                                      const std::string&, bool) {
  return Unexpected("an apply");
}
Result<kube::Json> PretendKube::JsonPatch(const kube::Resource&, const api::Namespace&,
                                          const api::Name&, const Json&) {
  return Unexpected("a patch");
}
Result<kube::Json> PretendKube::Replace(const kube::Resource&, const api::Namespace&, const Json&) {
  return Unexpected("an update");
}
Result<void> PretendKube::Delete(const kube::Resource&, const api::Namespace&, const api::Name&,
                                 const kube::DeleteOptions&) {
  return Unexpected("a deletion");
}
Result<void> PretendKube::Watch(const kube::Resource&, const kube::WatchOptions&, std::stop_token,
                                const std::function<bool(kube::WatchEvent)>&) {
  return Unexpected("a watch");
}

Result<api::TaskReport> PretendAgent::Submit(const agents::AgentAddress& /*agent*/,
                                             const api::TaskRequest& request) {
  return api::TaskReport{.id = request.id,
                         .kind = request.kind,
                         .state = api::TaskState::kSucceeded,
                         .result_json = "{}"};
}
Result<api::TaskReport> PretendAgent::Get(const agents::AgentAddress& /*agent*/,
                                          const std::string& /*id*/) {
  return Error{ErrorCode::kNotFound, "no such task"};
}
Result<void> PretendAgent::Forget(const agents::AgentAddress& /*agent*/,
                                  const std::string& /*id*/) {
  return {};
}
Result<api::AgentInfo> PretendAgent::Info(const agents::AgentAddress& /*agent*/) {
  return api::AgentInfo{.name = "pretend", .version = "1"};
}
Result<api::AgentInfo> PretendAgent::RecentInfo(const agents::AgentAddress& agent) {
  return Info(agent);
}

}  // namespace tenantry::bench
