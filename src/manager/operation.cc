#include "manager/operation.h"

#include <algorithm>
#include <array>

namespace sluice::manager {
namespace {

constexpr std::array<std::string_view, kOperations> kWords{
    "SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "WITH", "CALL", "BATCH", "_OTHER"};

bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

bool is_word(std::string_view text, std::string_view word) {
  return std::equal(text.begin(), text.end(), word.begin(), word.end(),
                    [](char given, char wanted) { return upper(given) == wanted; });
}

/// Where the text goes on after the comment that begins it; 0 if none does. PostgreSQL's nest.
std::size_t comment_size(std::string_view text) {
  if (text.starts_with("--")) return std::min(text.find('\n'), text.size());
  if (!text.starts_with("/*")) return 0;
  int depth = 1;
  std::size_t at = 2;
  for (; at < text.size() && depth > 0; ++at) {
    const std::string_view pair = text.substr(at, 2);
    if (pair != "/*" && pair != "*/") continue;
    depth += pair == "/*" ? 1 : -1;
    ++at;
  }
  return std::min(at, text.size());
}

std::string_view first_word(std::string_view sql) {
  while (!sql.empty() && !is_letter(sql.front())) {
    const std::size_t comment = comment_size(sql);
    if (comment == 0 && !is_blank(sql.front()) && sql.front() != '(') return {};
    sql.remove_prefix(std::max<std::size_t>(comment, 1));
  }
  const auto end = std::find_if_not(sql.begin(), sql.end(), is_letter);
  return sql.substr(0, static_cast<std::size_t>(end - sql.begin()));
}

}  // namespace

Operation operation_of(std::string_view sql) {
  const std::string_view word = first_word(sql);
  for (std::size_t i = 0; i < static_cast<std::size_t>(Operation::kBatch); ++i) {
    if (is_word(word, kWords[i])) return static_cast<Operation>(i);
  }
  return Operation::kOther;
}

std::string_view to_string(Operation operation) {
  return kWords[static_cast<std::size_t>(operation)];
}

}  // namespace sluice::manager
