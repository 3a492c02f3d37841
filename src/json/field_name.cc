#include "json/field_name.h"

#include "base/utf8.h"

namespace sluice::json {

std::string shown_name(std::string_view name) {
  constexpr std::size_t kLongest = 64;
  if (name.size() <= kLongest) return std::string(name);
  return std::string(base::utf8_prefix(name, kLongest)) + "…";
}

std::string join_names(std::string_view outer, std::string_view inner) {
  if (outer.empty()) return shown_name(inner);
  return std::string(outer) + "." + shown_name(inner);
}

}  // namespace sluice::json
