#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "common/api/protocol.h"

namespace tenantry::cli {

// What a command line has come to.
struct Ended {
  int exit_code = 0;
  std::string out;
  std::string err;
};

// Runs `words` (without the program's name) in this process.
Ended RunTool(const std::vector<std::string>& words, std::stop_token stop = {});

// --store for an access, with its password.
std::string UrlOf(const api::PostgresAccess& access);

}  // namespace tenantry::cli
