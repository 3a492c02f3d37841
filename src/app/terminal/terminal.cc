#include "app/terminal/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>

namespace sluice::app::terminal {
namespace {

std::string_view code_of(Style style) {
  switch (style) {
    case Style::kStrong:
      return "1";
    case Style::kFaint:
      return "2";
    case Style::kGood:
      return "32";
    case Style::kWarning:
      return "33";
    case Style::kBad:
      return "1;31";
    case Style::kPlain:
      break;
  }
  return {};
}

/// https://no-color.org: set to anything but the empty string.
bool colour_is_unwanted() {
  const char* no_color = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  if (no_color != nullptr && *no_color != '\0') return true;
  return term != nullptr && std::string_view(term) == "dumb";
}

}  // namespace

std::string styled(std::string_view text, Style style, bool colour) {
  const std::string_view code = code_of(style);
  if (!colour || code.empty()) return std::string(text);
  return std::string("\x1b[").append(code).append("m").append(text).append("\x1b[0m");
}

Terminal standard_terminal(bool no_color) {
  const bool out_is_terminal = isatty(STDOUT_FILENO) == 1;
  return {.in = std::cin,
          .out = std::cout,
          .err = std::cerr,
          .in_is_terminal = isatty(STDIN_FILENO) == 1,
          .out_is_terminal = out_is_terminal,
          .err_is_terminal = isatty(STDERR_FILENO) == 1,
          .colour = out_is_terminal && !no_color && !colour_is_unwanted()};
}

Size size() {
  winsize found{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &found) != 0 || found.ws_col == 0) return {};
  return {.columns = found.ws_col, .rows = found.ws_row};
}

}  // namespace sluice::app::terminal
