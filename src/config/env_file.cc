#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/config.h"
#include "config/text_file.h"

namespace sluice::config {
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r";
  const std::size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

bool is_name(std::string_view name) {
  return !name.empty() && !(name[0] >= '0' && name[0] <= '9') &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '_';
         });
}

/// Only a comment may follow a closing quote.
bool is_rest(std::string_view text) {
  const std::string_view rest = trimmed(text);
  return rest.empty() || rest[0] == '#';
}

std::optional<std::string> single_quoted(std::string_view text) {
  const std::size_t end = text.find('\'', 1);
  if (end == std::string_view::npos || !is_rest(text.substr(end + 1))) return std::nullopt;
  return std::string(text.substr(1, end - 1));
}

/// In double quotes a backslash escapes the next character, and \n is a line's end.
std::optional<std::string> double_quoted(std::string_view text) {
  std::string value;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') {
      if (!is_rest(text.substr(i + 1))) return std::nullopt;
      return value;
    }
    if (text[i] == '\\' && i + 1 < text.size()) {
      ++i;
      value += text[i] == 'n' ? '\n' : text[i];
    } else {
      value += text[i];
    }
  }
  return std::nullopt;
}

std::string unquoted(std::string_view text) {
  for (std::size_t hash = text.find('#'); hash != std::string_view::npos;
       hash = text.find('#', hash + 1)) {
    const bool begins_comment = hash == 0 || text[hash - 1] == ' ' || text[hash - 1] == '\t';
    if (begins_comment) return std::string(trimmed(text.substr(0, hash)));
  }
  return std::string(text);
}

struct Line {
  std::string name;
  std::string value;
};

/// Fails with what is wrong; the line itself may hold a secret and is not shown.
tl::expected<Line, std::string> parse_line(std::string_view line) {
  constexpr std::string_view kExport = "export ";
  if (line.substr(0, kExport.size()) == kExport) line = trimmed(line.substr(kExport.size()));
  const std::size_t equals = line.find('=');
  const std::string_view name = trimmed(line.substr(0, equals));
  if (equals == std::string_view::npos || !is_name(name)) {
    return tl::make_unexpected(std::string("must be NAME=value, or a comment that begins with #"));
  }
  const std::string_view text = trimmed(line.substr(equals + 1));
  std::optional<std::string> value;
  if (!text.empty() && text[0] == '\'') {
    value = single_quoted(text);
  } else if (!text.empty() && text[0] == '"') {
    value = double_quoted(text);
  } else {
    value = unquoted(text);
  }
  if (!value) return tl::make_unexpected(std::string("must end with the quote it began with"));
  return Line{std::string(name), *std::move(value)};
}

tl::unexpected<Error> failure(std::string message, std::vector<FieldError> mistakes) {
  Error error;
  error.code = ErrorCode::kInvalidRequest;
  error.message = std::move(message);
  error.fields = std::move(mistakes);
  return fail(std::move(error));
}

}  // namespace

Result<Environment> with_env_file(const std::string& file, Environment environment) {
  constexpr std::size_t kLargestFile = 1024 * 1024;
  const auto text = read_text_file(file, kLargestFile);
  if (!text) return failure(file + " " + text.error(), {});
  Environment from_file;
  std::vector<FieldError> mistakes;
  std::string_view rest = *text;
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (rest.substr(0, kByteOrderMark.size()) == kByteOrderMark) rest.remove_prefix(3);
  for (int number = 1; !rest.empty(); ++number) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = trimmed(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.empty() || line[0] == '#') continue;
    auto parsed = parse_line(line);
    if (parsed) {
      from_file[parsed->name] = std::move(parsed->value);
    } else {
      mistakes.push_back({file + ":" + std::to_string(number), parsed.error()});
    }
  }
  if (!mistakes.empty()) {
    return failure(file + " has lines that cannot be read", std::move(mistakes));
  }
  std::erase_if(environment, [](const auto& variable) { return variable.second.empty(); });
  environment.merge(from_file);  // keeps what is set already
  return environment;
}

}  // namespace sluice::config
