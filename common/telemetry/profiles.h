#pragma once

#include <memory>
#include <string>

#include "common/base/result.h"
#include "common/net/http_server.h"

// CPU and heap profiles of the running program, in gperftools' formats, which `pprof` reads.
// gperftools is loaded when it is asked for: it costs nothing before.
namespace tenantry::telemetry {

// The address of --debug-bind-address: empty when the text is "0" (off). kInvalid unless it is a
// loopback address: profiles are for whoever may run programs beside this one.
Result<std::string> ParseDebugAddress(const std::string& text);

// Answers GET /debug/pprof/profile?seconds=N and GET /debug/pprof/heap. Null for an empty address.
Result<std::unique_ptr<net::HttpServer>> ServeProfiles(const std::string& address);

// For the start of main, where --debug-bind-address is given: starts the program anew with
// gperftools' allocator, which knows who holds memory. Comes back when that has been done already,
// or cannot be done; then there are no heap profiles.
void RestartForHeapProfiles(const char* const* arguments);

}  // namespace tenantry::telemetry
