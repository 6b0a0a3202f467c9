#pragma once

#include <ostream>
#include <string>
#include <string_view>

namespace tenantry::cli {

enum class Color { kNone, kRed, kYellow, kGreen };

// Where a command writes: results to `out`, talk to `err`.
struct Console {
  std::ostream& out;
  std::ostream& err;
  bool err_is_terminal = false;
  bool has_colors = false;  // of `err`
  bool quiet = false;       // no talk but errors
  int width = 80;           // of the terminal, in columns

  std::string Paint(std::string_view text, Color color) const;
  // A line of talk; nothing when quiet.
  void Say(std::string_view line) const;
  // "tenantry load: …"
  void Complain(std::string_view command, std::string_view message) const;
};

struct OutputOptions;
// The process's own, as the command's options and NO_COLOR want it.
Console StandardConsole(const OutputOptions& options);

}  // namespace tenantry::cli
