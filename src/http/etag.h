#pragma once

#include <string>
#include <string_view>

namespace sluice::http {

/// A strong entity tag, with its quotes: the same for the same text alone.
[[nodiscard]] std::string etag_of(std::string_view text);
/// Whether a tag is among those of an If-None-Match header (RFC 9110, 13.1.2).
[[nodiscard]] bool etag_matches(std::string_view if_none_match, std::string_view etag);

}  // namespace sluice::http
