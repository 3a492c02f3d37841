#include "app/terminal/password.h"

#include <termios.h>
#include <unistd.h>

#include <csignal>
#include <istream>
#include <ostream>

namespace sluice::app::terminal {
namespace {

/// Switches the echo off, and on again whatever happens. Ctrl-C waits until it is on again.
class WithoutEcho {
 public:
  WithoutEcho() {
    sigset_t interrupts;
    sigemptyset(&interrupts);
    sigaddset(&interrupts, SIGINT);
    sigaddset(&interrupts, SIGTERM);
    sigaddset(&interrupts, SIGTSTP);
    sigprocmask(SIG_BLOCK, &interrupts, &signals_before_);
    tcgetattr(STDIN_FILENO, &before_);
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
  }
  ~WithoutEcho() {
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
    sigprocmask(SIG_SETMASK, &signals_before_, nullptr);
  }
  WithoutEcho(const WithoutEcho&) = delete;
  WithoutEcho& operator=(const WithoutEcho&) = delete;

 private:
  termios before_{};
  sigset_t signals_before_{};
};

}  // namespace

std::optional<std::string> ask_password(Terminal& terminal, const std::string& prompt) {
  std::string password;
  bool got = false;
  {
    // First: switching drops what was typed before, and nobody types before being asked.
    const WithoutEcho silence;
    terminal.err << prompt << std::flush;
    got = static_cast<bool>(std::getline(terminal.in, password));
  }
  terminal.err << "\n";
  if (!got) return std::nullopt;
  return password;
}

}  // namespace sluice::app::terminal
