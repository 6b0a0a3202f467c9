#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/error.h"

namespace tenantry::load {

// A dataset and where its bytes come from, for messages.
struct Origin {
  std::string dataset;
  std::string source;  // "key albums.csv in ConfigMap acme-files"; may be empty
};

// A place in a dataset.
struct Place {
  std::int64_t record = 0;           // from 1; 0: outside of the records (a header, the end)
  std::optional<std::int64_t> byte;  // of the source, from 0
  std::string column;                // empty: no column in particular
};

// `Column "release_date" of dataset albums, record 17 (byte 4812 of key albums.csv in ConfigMap
// acme-files)`, with the parts that are known.
std::string Describe(const Origin& origin, const Place& place);

// kInvalid with reason InvalidData: "<place>: <what>". `what` says what is wrong and what to do.
Error DataError(const Origin& origin, const Place& place, std::string_view what);

// A value for a message: shortened, in double quotes.
std::string Quoted(std::string_view value);

}  // namespace tenantry::load
