#include "base/setting_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <system_error>

namespace sluice::base {
namespace {

constexpr std::size_t kLongestQuote = 40;

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7f;
}

template <typename Number>
bool parse_whole(std::string_view text, Number& number) {
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && stopped == end;
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return result;
}

std::string must_be(std::string_view what, std::string_view text) {
  return "must be " + std::string(what) + ", not " + in_quotes(text);
}

}  // namespace

std::string in_quotes(std::string_view text) {
  std::string result = "'";
  for (const char c : text.substr(0, kLongestQuote)) result += is_control(c) ? '?' : c;
  // Not in the middle of a UTF-8 character.
  if (text.size() > kLongestQuote) {
    while ((static_cast<unsigned char>(result.back()) & 0xc0) == 0x80) result.pop_back();
    if (static_cast<unsigned char>(result.back()) >= 0xc0) result.pop_back();
    result += "…";
  }
  return result + "'";
}

tl::expected<std::int64_t, std::string> read_integer(std::string_view text,
                                                     const IntegerBounds& bounds) {
  std::int64_t value = 0;
  if (parse_whole(text, value) && value >= bounds.low && value <= bounds.high) return value;
  std::string what = "a whole number";
  if (!bounds.unit.empty()) what.append(" of ").append(bounds.unit);
  what += " from " + std::to_string(bounds.low) + " to " + std::to_string(bounds.high);
  return tl::make_unexpected(must_be(what, text));
}

tl::expected<double, std::string> read_number(std::string_view text, double low, double high,
                                              std::string_view noun) {
  double value = 0;
  // The comparison also refuses "nan".
  if (parse_whole(text, value) && value >= low && value <= high) return value;
  const std::string what =
      std::string(noun) + " from " + write_number(low) + " to " + write_number(high);
  return tl::make_unexpected(must_be(what, text));
}

tl::expected<bool, std::string> read_boolean(std::string_view text) {
  const std::string word = lower(text);
  if (word == "true" || word == "yes" || word == "on" || word == "1") return true;
  if (word == "false" || word == "no" || word == "off" || word == "0") return false;
  return tl::make_unexpected(must_be("true or false", text));
}

tl::expected<std::string, std::string> read_text(std::string_view text, std::size_t longest) {
  if (text.size() > longest) {
    return tl::make_unexpected("must be at most " + std::to_string(longest) + " bytes long, not " +
                               std::to_string(text.size()));
  }
  if (std::any_of(text.begin(), text.end(), is_control)) {
    return tl::make_unexpected(std::string("must not contain control characters"));
  }
  return std::string(text);
}

std::string write_number(double number) {
  std::array<char, 400> buffer{};
  const auto [end, error] =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), number, std::chars_format::fixed);
  return error == std::errc() ? std::string(buffer.data(), end) : std::to_string(number);
}

}  // namespace sluice::base
