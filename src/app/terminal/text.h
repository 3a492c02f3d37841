#pragma once

#include <string>
#include <string_view>

/// Text that may go to a terminal.
namespace sluice::app::terminal {

/// The text on one line, with everything escaped that a terminal would obey instead of showing it:
/// control characters, what turns the direction of writing, bytes that are no UTF-8. What comes
/// from a database or over the network passes through here before it is shown.
[[nodiscard]] std::string printable(std::string_view text);

/// How many columns a terminal needs for a printable text.
[[nodiscard]] int width(std::string_view text);

/// The beginning of a printable text that fits into so many columns, with "…" if something is cut.
[[nodiscard]] std::string shortened(std::string_view text, int columns);

enum class Align { kLeft, kRight };
/// A printable text filled up with spaces; one that is too wide stays as it is.
[[nodiscard]] std::string padded(std::string_view text, int columns, Align align);

}  // namespace sluice::app::terminal
