#pragma once

#include <iosfwd>
#include <string>
#include <string_view>

namespace sluice::app::terminal {

/// Where a command reads and writes: data to `out`, messages to `err`.
struct Terminal {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  bool in_is_terminal = false;
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  bool colour = false;  ///< of `out`; never of data that a program reads
};

/// Meanings, not colours: each is also said in words.
enum class Style { kPlain, kStrong, kFaint, kGood, kWarning, kBad };
/// The text in the style's colour, or as it is.
[[nodiscard]] std::string styled(std::string_view text, Style style, bool colour);

/// Standard input, output and error. Colour is for terminals, unless NO_COLOR is set or somebody
/// said --no-color.
[[nodiscard]] Terminal standard_terminal(bool no_color);

struct Size {
  int columns = 80;
  int rows = 24;
};
/// Of the terminal that standard output is.
[[nodiscard]] Size size();

}  // namespace sluice::app::terminal
