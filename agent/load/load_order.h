#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "agent/postgres/connection.h"
#include "common/api/protocol.h"
#include "common/base/result.h"

// In which order datasets are loaded: a table after those that its foreign keys refer to.
namespace tenantry::load {

// `references`: pairs of indices below `count`, a child and its parent. The order is the one given
// as far as the references allow it; within a cycle it stays as it is. Pure. Source: Kahn,
// Topological sorting of large networks, 1962, taking the first index that is free each time.
std::vector<std::size_t> ParentsFirst(
    std::size_t count, const std::vector<std::pair<std::size_t, std::size_t>>& references);

// Indices of the task's datasets in the order of loading. Tables that do not exist refer to
// nothing.
Result<std::vector<std::size_t>> OrderOfLoading(postgres::Connection& connection,
                                                const api::LoadSpec& spec);

}  // namespace tenantry::load
