#pragma once

#include <string>
#include <string_view>

namespace sluice::http {

/// An entity tag of a result: the same for the same text alone. A weak one, since the time that it
/// took stands in the answer too.
[[nodiscard]] std::string etag_of(std::string_view text);
/// The tag of the same answer as gzip, which is another representation (RFC 9110, 8.8.3).
[[nodiscard]] std::string gzip_etag(std::string_view etag);
/// Whether a tag, or that of the same as gzip, is among those of an If-None-Match header (RFC 9110,
/// 13.1.2).
[[nodiscard]] bool etag_matches(std::string_view if_none_match, std::string_view etag);

}  // namespace sluice::http
