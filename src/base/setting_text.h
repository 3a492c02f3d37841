#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sluice/result.h"

namespace sluice::base {

/// Reading and writing single values as people write them. Failures carry only a message that says
/// what to write, "must be a whole number from 1 to 10000, not 'ten'".
struct IntegerBounds {
  std::int64_t low;
  std::int64_t high;
  std::string_view unit = {};  ///< "milliseconds"; empty: a plain number
};
[[nodiscard]] tl::expected<std::int64_t, std::string> read_integer(std::string_view text,
                                                                   const IntegerBounds& bounds);
[[nodiscard]] tl::expected<double, std::string> read_number(std::string_view text, double low,
                                                            double high, std::string_view noun);
[[nodiscard]] tl::expected<bool, std::string> read_boolean(std::string_view text);
/// Any text without control characters, of at most `longest` bytes.
[[nodiscard]] tl::expected<std::string, std::string> read_text(std::string_view text,
                                                               std::size_t longest);
/// "0.5": the shortest text that reads back as the same number.
[[nodiscard]] std::string write_number(double number);
/// The text as it may stand in a message: in quotes, shortened, without control characters.
[[nodiscard]] std::string in_quotes(std::string_view text);

}  // namespace sluice::base
