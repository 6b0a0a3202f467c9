#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tenantry {

std::vector<std::string_view> Split(std::string_view text, char separator);
std::string_view Trim(std::string_view text);  // ASCII blanks
std::string Join(const std::vector<std::string>& parts, std::string_view separator);
// At most `limit` bytes of `text` for a message: cut at a UTF-8 boundary, "…" appended when cut,
// control bytes and invalid UTF-8 as \xNN. The result is always valid UTF-8.
std::string Shorten(std::string_view text, std::size_t limit = 64);
bool IsValidUtf8(std::string_view text);

}  // namespace tenantry
