#include "cli/console.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>

#include "cli/output_options.h"

namespace tenantry::cli {
namespace {

constexpr int kDefaultWidth = 80;

const char* Code(Color color) {
  switch (color) {
    case Color::kNone:
      return "";
    case Color::kRed:
      return "\x1b[31m";
    case Color::kYellow:
      return "\x1b[33m";
    case Color::kGreen:
      return "\x1b[32m";
  }
  return "";
}

bool IsSet(const char* variable) {
  const char* const value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

bool IsDumbTerminal() {
  const char* const terminal = std::getenv("TERM");
  return terminal == nullptr || std::string_view(terminal) == "dumb";
}

int TerminalWidth() {
  winsize size{};
  const bool known = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : kDefaultWidth;
}

}  // namespace

std::string Console::Paint(std::string_view text, Color color) const {
  const bool plain = !has_colors || color == Color::kNone;
  return plain ? std::string(text) : Code(color) + std::string(text) + "\x1b[0m";
}

void Console::Say(std::string_view line) const {
  if (!quiet) {
    err << line << std::endl;
  }
}

void Console::Complain(std::string_view command, std::string_view message) const {
  err << Paint(command, Color::kRed) << ": " << message << std::endl;
}

Console StandardConsole(const OutputOptions& options) {
  const bool terminal = ::isatty(STDERR_FILENO) == 1 && !IsDumbTerminal();
  return {.out = std::cout,
          .err = std::cerr,
          .err_is_terminal = terminal,
          .has_colors = terminal && !options.no_color && !IsSet("NO_COLOR"),
          .quiet = options.quiet,
          .width = terminal ? TerminalWidth() : kDefaultWidth};
}

}  // namespace tenantry::cli
