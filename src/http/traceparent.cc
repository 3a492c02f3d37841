#include "http/traceparent.h"

#include <algorithm>
#include <cstddef>

namespace sluice::http {
namespace {

constexpr std::size_t kLength = 55;  // 2 + 1 + 32 + 1 + 16 + 1 + 2

bool is_hex(std::string_view text) {
  return std::ranges::all_of(
      text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_zero(std::string_view text) {
  return text.find_first_not_of('0') == std::string_view::npos;
}

}  // namespace

// https://www.w3.org/TR/trace-context/#traceparent-header
std::string_view checked_traceparent(std::string_view header) {
  if (header.size() < kLength) return {};
  const auto version = header.substr(0, 2);
  const auto trace = header.substr(3, 32);
  const auto parent = header.substr(36, 16);
  const auto flags = header.substr(53, 2);
  if (header[2] != '-' || header[35] != '-' || header[52] != '-') return {};
  if (!is_hex(version) || !is_hex(trace) || !is_hex(parent) || !is_hex(flags)) return {};
  if (version == "ff" || is_zero(trace) || is_zero(parent)) return {};
  // Only later versions may have more to say.
  const bool longer = header.size() > kLength;
  if (longer && (version == "00" || header[kLength] != '-')) return {};
  return header.substr(0, kLength);
}

}  // namespace sluice::http
