#include "http/etag.h"

#include <cstddef>

#include "http/syntax.h"
#include "security/digest.h"

namespace sluice::http {

std::string etag_of(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  constexpr std::size_t kBytes = 16;
  const security::Digest digest = security::digest_of(text);
  std::string tag = "\"";
  for (std::size_t i = 0; i < kBytes; ++i) {
    tag += kHex[digest[i] >> 4U];
    tag += kHex[digest[i] & 15U];
  }
  return tag + '"';
}

bool etag_matches(std::string_view if_none_match, std::string_view etag) {
  while (auto each = next_element(if_none_match)) {
    if (each->starts_with("W/")) each->remove_prefix(2);
    if (*each == "*" || *each == etag) return true;
  }
  return false;
}

}  // namespace sluice::http
