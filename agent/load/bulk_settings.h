#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "agent/load/bulk_load.h"

// What of a command line decides about the chunks of a load. Pure.
namespace tenantry::load {

// Bytes of text after which a chunk ends in any case: 64 KiB to 2 MiB, by the memory limit.
std::size_t ChunkSize(const BulkOptions& options);

// The options with a mapping (null: none), and with what it says about unknown columns unless they
// say it themselves.
BulkOptions WithMapping(BulkOptions options, std::shared_ptr<const Mapping> mapping);

// Everything about the command that changes what a chunk's rows become, for people and to compare:
// a load goes on only under the settings that it was begun with.
std::string SettingsOf(const BulkOptions& options, const ReadOptions& read);

}  // namespace tenantry::load
