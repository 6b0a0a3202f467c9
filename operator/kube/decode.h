#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "operator/kube/client.h"

// From the bytes of the API server to JSON values and errors. Pure.
namespace tenantry::kube {

// Nothing of ours nests deeper than a dozen levels; nlohmann copies and prints a value recursively,
// so an object that a user nested a thousandfold (the API server takes ten thousand) would overflow
// the stack.
inline constexpr std::size_t kMaxDepth = 128;

// Reads one object, without its metadata.managedFields. kInvalid: nested too deep, which only its
// author can mend; kInternal: not an object.
Result<Json> DecodeObject(std::string_view text);

// Reads one line of a watch. An ERROR event gives the error that its status stands for; kInvalid
// with reason kUnreadable: an object that is nested too deep and can be left out.
Result<WatchEvent> DecodeWatchLine(std::string_view line);
inline constexpr char kUnreadable[] = "Unreadable";

// The error that an HTTP status ≥ 300 of the API server stands for; `body` is its metav1.Status.
// `what` says what could not be done: "get tenants platform/acme".
Error DecodeStatus(int http_status, std::string_view body, std::string_view what);

// What an error of a JSON patch means. The API server answers a `test` that failed with 422 and no
// details: with a test in the patch that is a conflict, somebody else was faster.
Error DecodePatchError(Error error, const Json& patch);

// The string at a path of keys: {"metadata", "name"}; empty when it is not there.
std::string StringAt(const Json& object, std::initializer_list<const char*> path);

api::ObjectKey KeyOf(const Json& object);

}  // namespace tenantry::kube
