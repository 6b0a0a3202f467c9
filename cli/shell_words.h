#pragma once

#include <string>
#include <string_view>
#include <vector>

// Command lines for a shell to read. Pure.
namespace tenantry::cli {

// As one word of sh: quoted when it has to be.
std::string ShellQuote(std::string_view word);

// A command line that can be given again; passwords in URLs are left out.
std::string ShellLine(const std::vector<std::string>& words);

}  // namespace tenantry::cli
