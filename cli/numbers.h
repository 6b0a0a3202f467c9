#pragma once

#include <chrono>
#include <cstdint>
#include <string>

// Numbers for people. Pure.
namespace tenantry::cli {

std::string Grouped(std::int64_t number);                           // "1,000,000"
std::string FormatRate(double per_second);                          // "684k", "1.25M", "870"
std::string FormatElapsed(std::chrono::milliseconds elapsed);       // "1.46 s", "2m 05s", "1h 02m"
std::string FormatSize(std::int64_t bytes);                         // "1.2 MiB", "512 bytes"
std::string Counted(std::int64_t number, const std::string& noun);  // "1 row", "7 rows"

}  // namespace tenantry::cli
