#include "http/exchange.h"

#include <algorithm>

namespace sluice::http {

std::string_view Request::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return {};
}

std::ptrdiff_t Request::count_of_header(std::string_view name) const {
  return std::ranges::count(headers, name, &std::pair<std::string, std::string>::first);
}

std::string_view Request::parameter(std::string_view name) const {
  const auto found = parameters.find(std::string(name));
  return found == parameters.end() ? std::string_view() : std::string_view(found->second);
}

}  // namespace sluice::http
