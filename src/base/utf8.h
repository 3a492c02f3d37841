#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sluice::base {

/// Whether the text is well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates, at most
/// U+10FFFF).
[[nodiscard]] bool is_utf8(std::string_view text);

/// The text with U+FFFD in place of every byte that belongs to no character.
[[nodiscard]] std::string repaired_utf8(std::string_view text);

/// The longest beginning of at most `bytes` bytes that cuts no character in two.
[[nodiscard]] std::string_view utf8_prefix(std::string_view text, std::size_t bytes);

}  // namespace sluice::base
