#include "app/terminal/text.h"

#include <fmt/format.h>
#include <locale.h>
#include <wchar.h>

#include <algorithm>

#include "base/utf8.h"

namespace sluice::app::terminal {
namespace {

/// The character at the beginning, whole; empty: no UTF-8.
std::string_view first_character(std::string_view text) {
  for (std::size_t length = 1; length <= std::min<std::size_t>(4, text.size()); ++length) {
    if (base::is_utf8(text.substr(0, length))) return text.substr(0, length);
  }
  return {};
}

/// The code point of one whole character.
char32_t code_point(std::string_view character) {
  const auto first = static_cast<unsigned char>(character[0]);
  if (character.size() == 1) return first;
  char32_t value = first & (0x7FU >> character.size());
  for (const char c : character.substr(1)) value = (value << 6) | (c & 0x3F);
  return value;
}

bool is_obeyed(char32_t c) {
  const bool control = c < 0x20 || (c >= 0x7F && c <= 0x9F) || c == 0x2028 || c == 0x2029;
  const bool turns = c == 0x061C || c == 0x200E || c == 0x200F || (c >= 0x202A && c <= 0x202E) ||
                     (c >= 0x2066 && c <= 0x2069);
  return control || turns || c == 0xFEFF;
}

std::string escaped(char32_t c) {
  if (c == '\n') return "\\n";
  if (c == '\r') return "\\r";
  if (c == '\t') return "\\t";
  return c < 0x100 ? fmt::format("\\x{:02x}", static_cast<unsigned>(c))
                   : fmt::format("\\u{:04x}", static_cast<unsigned>(c));
}

/// wcwidth() knows only the characters of the locale, and the process may run in "C".
class Utf8Locale {
 public:
  Utf8Locale() : before_(uselocale(utf8())) {}
  ~Utf8Locale() { uselocale(before_); }
  Utf8Locale(const Utf8Locale&) = delete;
  Utf8Locale& operator=(const Utf8Locale&) = delete;

 private:
  static locale_t utf8() {
    static const locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
    return locale;
  }
  locale_t before_;
};

int character_width(std::string_view character) {
  if (character.size() <= 1) return 1;
  return std::max(0, wcwidth(static_cast<wchar_t>(code_point(character))));
}

}  // namespace

std::string printable(std::string_view text) {
  std::string shown;
  shown.reserve(text.size());
  while (!text.empty()) {
    const std::string_view character = first_character(text);
    if (character.empty()) {
      shown += escaped(static_cast<unsigned char>(text[0]));
      text.remove_prefix(1);
      continue;
    }
    const char32_t value = code_point(character);
    if (is_obeyed(value)) {
      shown += escaped(value);
    } else {
      shown += character;
    }
    text.remove_prefix(character.size());
  }
  return shown;
}

int width(std::string_view text) {
  const Utf8Locale locale;
  int columns = 0;
  while (!text.empty()) {
    const std::string_view character = first_character(text);
    columns += character_width(character);
    text.remove_prefix(std::max<std::size_t>(1, character.size()));
  }
  return columns;
}

std::string shortened(std::string_view text, int columns) {
  if (width(text) <= columns) return std::string(text);
  const Utf8Locale locale;
  std::string result;
  int left = columns - 1;  // for the ellipsis
  while (!text.empty()) {
    const std::string_view character = first_character(text);
    left -= character_width(character);
    if (left < 0) break;
    result += text.substr(0, std::max<std::size_t>(1, character.size()));
    text.remove_prefix(std::max<std::size_t>(1, character.size()));
  }
  return columns > 0 ? result + "…" : std::string();
}

std::string padded(std::string_view text, int columns, Align align) {
  const auto missing = static_cast<std::size_t>(std::max(0, columns - width(text)));
  const std::string spaces(missing, ' ');
  return align == Align::kLeft ? std::string(text) + spaces : spaces + std::string(text);
}

}  // namespace sluice::app::terminal
