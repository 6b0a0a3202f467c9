#pragma once

#include <string>

// Servers of the local cluster that a test ends and starts again: "kube-apiserver", "postgres".
// They are everybody's, so whoever ends one starts it. Failures are the test's.
namespace tenantry::testing {

void StopServer(const std::string& name, const std::string& signal);  // "KILL"; it has ended then
void StartServer(const std::string& name);  // with its data and its port; it answers then

}  // namespace tenantry::testing
