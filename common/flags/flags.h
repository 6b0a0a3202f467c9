#pragma once

#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/base/result.h"

// Command line, environment and configuration file of a program, from one table.
namespace tenantry::flags {

// One setting. Its environment variable is <prefix>_<NAME in upper snake case>; in the file it is
// its name without the dashes.
struct Flag {
  std::string name;           // "drift-interval", used as --drift-interval
  std::string default_value;  // "" for none; "true" or "false" make it a switch
  std::string help;           // one sentence; units and ranges
};

struct Program {
  std::string name;         // "tenantry-operator"
  std::string description;  // one sentence
  std::string env_prefix;   // "TENANTRY_OPERATOR"
  std::vector<Flag> flags;
  std::string examples;  // printed below --help
};

// The value of each flag, by name: command line over environment over --config file over default.
using Values = std::map<std::string, std::string>;

// What to do instead of running: print `text` and exit with `exit_code`.
struct EarlyExit {
  std::string text;
  int exit_code = 0;  // 2: bad usage
};

// Knows --help, --version, --config FILE (YAML; an unknown key is an error that names it) and
// --print-flags-markdown (the table for the README) by itself.
std::variant<Values, EarlyExit> Parse(const Program& program, int argc, const char* const* argv);

}  // namespace tenantry::flags
