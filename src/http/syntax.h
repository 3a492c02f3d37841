#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::http {

/// The character rules of RFC 9110 and RFC 3986, as far as a server needs them. Pure functions.

/// Letters, digits and !#$%&'*+-.^_`|~: what names and methods consist of.
[[nodiscard]] bool is_token_char(char c);
[[nodiscard]] bool is_token(std::string_view text);
/// What a header's value may contain: visible characters, blank, tab, and bytes above 127.
[[nodiscard]] bool is_field_value(std::string_view text);

[[nodiscard]] std::string lower_case(std::string_view text);
[[nodiscard]] bool equal_ignoring_case(std::string_view a, std::string_view b);
/// Without blanks and tabs at both ends.
[[nodiscard]] std::string_view trimmed(std::string_view text);
/// Takes the next element off a comma-separated list, trimmed; empty elements are skipped.
[[nodiscard]] std::optional<std::string_view> next_element(std::string_view& list);

/// Empty when an escape is broken or yields NUL.
[[nodiscard]] std::optional<std::string> percent_decoded(std::string_view text);
/// Decodes only escapes of letters, digits and -._~, which mean the same either way (RFC
/// 3986, 6.2.2.2).
[[nodiscard]] std::string without_needless_escapes(std::string_view path);
/// "a=1&b=x+y" → decoded pairs. Empty when an escape is broken.
[[nodiscard]] std::optional<std::multimap<std::string, std::string>> parsed_query(
    std::string_view text);

}  // namespace sluice::http
