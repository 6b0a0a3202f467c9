#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/load/read/csv_sample.h"

namespace tenantry::load {

// For a header: positive; for a row of data: negative; 0: all is text, or there is nothing else.
// `rows`: the first one is in question, the rest are data.
int JudgeHeader(std::span<const SampleRow> rows);
// With what is likely when all is text.
bool HasHeader(std::span<const SampleRow> rows);

// Names for `width` columns: trimmed; column_3 for an empty one; name_2 for the second `name`.
std::vector<std::string> MakeColumnNames(const std::vector<std::string_view>& header,
                                         std::size_t width);

}  // namespace tenantry::load
