#include "cli/password_prompt.h"

#include <fcntl.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <string_view>

namespace tenantry::cli {
namespace {

constexpr int kLookForStopEvery = 100;  // milliseconds
constexpr std::size_t kLongestPassword = 1000;

// The controlling terminal with its echo off.
class SilentTerminal {
 public:
  SilentTerminal() : file_(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)) {
    if (file_ < 0 || ::tcgetattr(file_, &before_) != 0) {
      return;
    }
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    is_silent_ = ::tcsetattr(file_, TCSAFLUSH, &silent) == 0;
  }
  SilentTerminal(const SilentTerminal&) = delete;
  SilentTerminal& operator=(const SilentTerminal&) = delete;
  ~SilentTerminal() {
    if (is_silent_) {
      Write("\n");
      ::tcsetattr(file_, TCSAFLUSH, &before_);
    }
    if (file_ >= 0) {
      ::close(file_);
    }
  }

  bool is_silent() const { return is_silent_; }
  void Write(std::string_view text) const {
    [[maybe_unused]] const ssize_t written = ::write(file_, text.data(), text.size());
  }
  // One character; none: nothing for now.
  std::optional<char> Read() const {
    pollfd waiting = {.fd = file_, .events = POLLIN, .revents = 0};
    if (::poll(&waiting, 1, kLookForStopEvery) <= 0) {
      return std::nullopt;
    }
    char c = 0;
    return ::read(file_, &c, 1) == 1 ? c : '\4';  // the end, as Ctrl-D
  }

 private:
  int file_;
  termios before_{};
  bool is_silent_ = false;
};

}  // namespace

Result<Secret> AskForPassword(const std::string& prompt, const std::stop_token& stop) {
  const SilentTerminal terminal;
  if (!terminal.is_silent()) {
    return Error{ErrorCode::kNotFound, "There is no terminal to ask on."};
  }
  terminal.Write(prompt);
  std::string password;
  while (!stop.stop_requested() && password.size() < kLongestPassword) {
    const std::optional<char> c = terminal.Read();
    if (c == '\n' || c == '\r') {
      return Secret(std::move(password));
    }
    if (c == '\4') {
      break;
    }
    if (c) {
      password += *c;
    }
  }
  return Error{ErrorCode::kCancelled, "No password was given."};
}

}  // namespace tenantry::cli
