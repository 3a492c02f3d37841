#include "config/substitution.h"

#include <algorithm>
#include <cstddef>
#include <optional>

namespace sluice::config {
namespace {

using Text = tl::expected<std::string, std::string>;

constexpr int kDeepest = 16;

Text substitute_within(std::string_view text, const Environment& environment, int depth);

/// Where the brace that closes `${` is, if `text` starts after that.
std::optional<std::size_t> closing_brace(std::string_view text) {
  int open = 1;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i, 2) == "$$") {
      ++i;
    } else if (text.substr(i, 2) == "${") {
      ++open;
    } else if (text[i] == '}' && --open == 0) {
      return i;
    }
  }
  return std::nullopt;
}

bool is_variable_name(std::string_view name) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !name.empty() && !(name[0] >= '0' && name[0] <= '9') &&
         std::all_of(name.begin(), name.end(), fits);
}

/// The value of what stands between the braces.
Text expand(std::string_view inside, const Environment& environment, int depth) {
  const std::size_t colon = std::min(inside.find(':'), inside.size());
  const std::string name(inside.substr(0, colon));
  const std::string_view rest = inside.substr(colon);
  const bool known_form = rest.empty() || rest.substr(0, 2) == ":-" || rest.substr(0, 2) == ":?";
  if (!is_variable_name(name) || !known_form) {
    return tl::make_unexpected(
        "has a ${…} that is not ${NAME}, ${NAME:-default} or ${NAME:?message}; write $$ for a "
        "dollar sign");
  }
  const auto found = environment.find(name);
  if (found != environment.end() && !found->second.empty()) return found->second;
  if (rest.substr(0, 2) == ":-") return substitute_within(rest.substr(2), environment, depth + 1);
  if (rest.size() > 2) {
    return tl::make_unexpected("needs the variable " + name + ": " + std::string(rest.substr(2)));
  }
  return tl::make_unexpected("needs the variable " + name +
                             ", which is not set; set it, or write ${" + name + ":-default}");
}

Text substitute_within(std::string_view text, const Environment& environment, int depth) {
  if (depth > kDeepest) return tl::make_unexpected("has too many variables inside one another");
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::string_view two = text.substr(i, 2);
    if (two == "$$") {
      result += '$';
      ++i;
      continue;
    }
    if (two != "${") {
      result += text[i];
      continue;
    }
    const std::string_view rest = text.substr(i + 2);
    const auto end = closing_brace(rest);
    if (!end) return tl::make_unexpected("has a ${ without a }; write $$ for a dollar sign");
    const Text value = expand(rest.substr(0, *end), environment, depth);
    if (!value) return value;
    result += *value;
    i += *end + 2;
  }
  return result;
}

}  // namespace

tl::expected<std::string, std::string> substitute(std::string_view text,
                                                  const Environment& environment) {
  return substitute_within(text, environment, 0);
}

}  // namespace sluice::config
