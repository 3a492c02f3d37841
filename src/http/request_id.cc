#include "http/request_id.h"

#include <algorithm>
#include <cstdint>

namespace sluice::http {
namespace {

constexpr std::size_t kMaxLength = 128;

bool is_sane(std::string_view id) {
  return !id.empty() && id.size() <= kMaxLength && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == ':' || c == '-';
  });
}

}  // namespace

std::string request_id(std::string_view callers, base::Random& random) {
  if (is_sane(callers)) return std::string(callers);
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string id(32, '0');
  for (std::size_t half = 0; half < 2; ++half) {
    std::uint64_t bits = random();
    for (std::size_t i = 0; i < 16; ++i, bits >>= 4) id[half * 16 + i] = kDigits[bits & 15];
  }
  return id;
}

}  // namespace sluice::http
