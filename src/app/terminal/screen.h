#pragma once

#include <termios.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::app::terminal {

/// A key: its character, or one of these.
enum class Special : int { kUp = 1000, kDown, kEscape };
using Key = int;

/// The whole terminal, while this lives: keys come one by one and unseen, and what was on the
/// screen before comes back at the end.
class Screen {
 public:
  Screen();
  ~Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  /// Shows these lines, from the top; what is below is emptied.
  void show(const std::vector<std::string>& lines) const;
  /// The next key, if one is pressed within that time.
  [[nodiscard]] std::optional<Key> read_key(std::chrono::milliseconds patience);

 private:
  termios before_{};
};

/// Whether these bytes of a terminal are the beginning of a key, and more may belong to it
/// (ECMA-48, 5.4: an escape, "[", and then up to the first of "@" to "~").
[[nodiscard]] bool goes_on(std::string_view bytes);

/// The key that these bytes of a terminal mean. None for an empty text, and for keys that mean
/// nothing here.
[[nodiscard]] std::optional<Key> key_of(std::string_view bytes);

}  // namespace sluice::app::terminal
