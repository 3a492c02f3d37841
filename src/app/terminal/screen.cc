#include "app/terminal/screen.h"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <string_view>

namespace sluice::app::terminal {
namespace {

constexpr std::string_view kEnter = "\x1b[?1049h\x1b[?25l";  // the other screen, no cursor
constexpr std::size_t kLongestKey = 16;
constexpr std::string_view kLeave = "\x1b[?25h\x1b[?1049l";

void write_all(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(STDOUT_FILENO, text.data(), text.size());
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

Screen::Screen() {
  tcgetattr(STDIN_FILENO, &before_);
  termios raw = before_;
  // Ctrl-C and Ctrl-Z come as keys: nothing ends us before the screen is as it was.
  raw.c_lflag &= ~static_cast<tcflag_t>(ECHO | ICANON | ISIG | IEXTEN);
  raw.c_iflag &= ~static_cast<tcflag_t>(IXON | ICRNL);
  tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw);
  write_all(kEnter);
}

Screen::~Screen() {
  write_all(kLeave);
  tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
}

void Screen::show(const std::vector<std::string>& lines) const {
  std::string text = "\x1b[H";
  for (std::size_t i = 0; i < lines.size(); ++i) {
    text += (i == 0 ? "" : "\r\n") + lines[i] + "\x1b[0m\x1b[K";
  }
  write_all(text + "\x1b[J");  // at once, so that nothing flickers
}

std::optional<Key> Screen::read_key(std::chrono::milliseconds patience) {
  pollfd waiting{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
  if (poll(&waiting, 1, static_cast<int>(patience.count())) <= 0) return std::nullopt;
  std::array<char, 8> bytes{};
  const ssize_t got = read(STDIN_FILENO, bytes.data(), 1);
  if (got <= 0) return 'q';  // the terminal is gone
  std::string text(1, bytes[0]);
  // What follows an escape at once belongs to it.
  waiting.revents = 0;
  while (goes_on(text) && poll(&waiting, 1, 10) > 0) {
    if (read(STDIN_FILENO, bytes.data(), 1) != 1) break;
    text += bytes[0];
  }
  return key_of(text);
}

bool goes_on(std::string_view bytes) {
  if (bytes.empty() || bytes[0] != '\x1b' || bytes.size() >= kLongestKey) return false;
  if (bytes.size() == 1) return true;
  if (bytes.size() == 2) return bytes[1] == '[' || bytes[1] == 'O';
  const bool ended = bytes.back() >= '@' && bytes.back() <= '~';
  return bytes[1] == '[' && !ended;
}

std::optional<Key> key_of(std::string_view bytes) {
  if (bytes.empty()) return std::nullopt;
  if (bytes[0] != '\x1b') return static_cast<unsigned char>(bytes[0]);
  if (bytes == "\x1b[A" || bytes == "\x1bOA") return Key(Special::kUp);
  if (bytes == "\x1b[B" || bytes == "\x1bOB") return Key(Special::kDown);
  if (bytes.size() > 1) return std::nullopt;  // Delete, Ctrl-Right, …
  return Key(Special::kEscape);
}

}  // namespace sluice::app::terminal
