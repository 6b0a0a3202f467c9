#pragma once

#include <string>
#include <string_view>

namespace tenantry::postgres {

// Identifier and literal quoting that needs no session.
std::string QuoteIdentifier(std::string_view name);
std::string QuoteLiteral(std::string_view text);

}  // namespace tenantry::postgres
