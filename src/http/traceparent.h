#pragma once

#include <string_view>

namespace sluice::http {

/// The part of a W3C traceparent header that every version has in common,
/// "00-<trace id>-<parent id>-<flags>"; empty when it is not well-formed. Hexadecimal digits and
/// dashes, nothing else.
[[nodiscard]] std::string_view checked_traceparent(std::string_view header);

}  // namespace sluice::http
