#pragma once

#include <cstddef>
#include <string>

#include "operator/kube/client.h"

// What the benchmarks put into the cluster, and the writes that an operator answers it with.
namespace tenantry::bench {

using kube::Json;

// A Tenant whose manifest has about `bytes` bytes of JSON, in the DataStore "main".
Json MakeTenant(const api::Namespace& ns, const std::string& name, std::size_t bytes);

// The writes of an operator for one Tenant, with bodies of the size that they really have.
Json FinalizerPatch();
Json MakeBinding(const api::Namespace& ns, const std::string& tenant);
Json MakeConfig(const api::Namespace& ns, const Json& tenant);
Json ReadyPatch(const std::string& tenant);

// A Secret that is nobody's, with `bytes` bytes of data.
Json MakeUnrelatedSecret(const api::Namespace& ns, const std::string& name, std::size_t bytes);

// What both operators mean by Ready: the condition is true, and about the newest spec.
bool IsReady(const Json& tenant);

}  // namespace tenantry::bench
