#pragma once

#include <string>

#include "agent/load/table.h"
#include "common/api/fixture_set.h"

namespace tenantry::load {

// Names everything that the outcome of a dataset in Redis depends on: the bytes (`checksum`) and
// what is done with them. SHA-256 in hex. Two loads with the same hash are the same load.
std::string ContentHash(const std::string& checksum, const api::Dataset& dataset, TrackRows track);

}  // namespace tenantry::load
