#include "json/json_scan.h"

#include <algorithm>

namespace sluice::json {
namespace {

std::size_t string_size(std::string_view text) {
  std::size_t at = 1;
  while (at < text.size() && text[at] != '"') at += text[at] == '\\' ? 2 : 1;
  return std::min(at + 1, text.size());
}

bool opens(char c) { return c == '{' || c == '['; }
bool closes(char c) { return c == '}' || c == ']'; }

}  // namespace

std::size_t value_size(std::string_view text) {
  std::size_t depth = 0;
  std::size_t at = 0;
  while (at < text.size()) {
    const char c = text[at];
    if (depth == 0 && (c == ',' || closes(c))) break;  // what follows a number or a word
    if (c == '"') {
      at += string_size(text.substr(at));
    } else {
      if (opens(c)) ++depth;
      if (closes(c)) --depth;
      ++at;
    }
    if (depth == 0 && (c == '"' || closes(c))) break;
  }
  return at;
}

void split_members(std::string_view container, std::vector<std::string_view>& values) {
  values.clear();
  const bool named = container.starts_with('{');
  container = container.substr(1, container.size() - 2);
  while (!container.empty()) {
    if (named) container.remove_prefix(string_size(container) + 1);
    const std::size_t size = value_size(container);
    values.push_back(container.substr(0, size));
    container.remove_prefix(std::min(container.size(), size + 1));
  }
}

}  // namespace sluice::json
