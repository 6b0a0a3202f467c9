#pragma once

#include <string>
#include <string_view>

namespace tenantry::load {

// A name as people mean it: "US Gross" and "us_gross" are one. Lower case, "_" for everything that
// is no letter or digit.
std::string PlainName(std::string_view name);

}  // namespace tenantry::load
