#include "http/etag.h"

#include <cstddef>

#include "http/syntax.h"
#include "security/digest.h"

namespace sluice::http {
namespace {

constexpr std::string_view kWeak = "W/";
constexpr std::string_view kGzipEnd = "-gzip\"";

/// What tells one result from another: without weakness, encoding and the quote at the end.
std::string_view result_in(std::string_view etag) {
  if (etag.starts_with(kWeak)) etag.remove_prefix(kWeak.size());
  etag.remove_suffix(etag.ends_with(kGzipEnd) ? kGzipEnd.size() : etag.ends_with('"') ? 1 : 0);
  return etag;
}

}  // namespace

std::string etag_of(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  constexpr std::size_t kBytes = 16;
  const security::Digest digest = security::digest_of(text);
  std::string tag = "W/\"";
  for (std::size_t i = 0; i < kBytes; ++i) {
    tag += kHex[digest[i] >> 4U];
    tag += kHex[digest[i] & 15U];
  }
  return tag + '"';
}

std::string gzip_etag(std::string_view etag) {
  return std::string(etag.substr(0, etag.size() - 1)).append(kGzipEnd);
}

bool etag_matches(std::string_view if_none_match, std::string_view etag) {
  while (const auto each = next_element(if_none_match)) {
    if (*each == "*") return true;
    if (each->ends_with('"') && result_in(*each) == result_in(etag)) return true;
  }
  return false;
}

}  // namespace sluice::http
