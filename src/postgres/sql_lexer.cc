#include "postgres/sql_lexer.h"

#include <algorithm>

namespace sluice::postgres {
namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool starts_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

bool continues_word(char c) { return starts_word(c) || is_digit(c) || c == '$'; }

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

}  // namespace

bool Token::is_word(std::string_view lower_case) const {
  return kind == TokenKind::kWord && text.size() == lower_case.size() &&
         std::ranges::equal(text, lower_case, {}, lower);
}

std::optional<Token> SqlLexer::next() {
  skip_blanks();
  if (at_ >= sql_.size()) return std::nullopt;
  const char c = sql_[at_];
  if (auto string = prefixed_string()) return string;
  if (starts_word(c)) {
    std::size_t end = at_ + 1;
    while (end < sql_.size() && continues_word(sql_[end])) ++end;
    return take(TokenKind::kWord, end);
  }
  if (c == '\'') return take(TokenKind::kString, end_of_quoted(at_ + 1, '\'', false));
  if (c == '"') return take(TokenKind::kQuotedName, end_of_quoted(at_ + 1, '"', false));
  if (c == '$') return dollar();
  if (is_digit(c) || (c == '.' && is_digit(at(1))))
    return take(TokenKind::kNumber, end_of_number());
  return take(TokenKind::kSymbol, at_ + 1);
}

void SqlLexer::skip_blanks() {
  while (at_ < sql_.size()) {
    if (is_blank(sql_[at_])) {
      ++at_;
    } else if (at(0) == '-' && at(1) == '-') {
      at_ = std::min(sql_.find_first_of("\r\n", at_), sql_.size());
    } else if (at(0) == '/' && at(1) == '*') {
      skip_block_comment();
    } else {
      return;
    }
  }
}

void SqlLexer::skip_block_comment() {
  int depth = 0;
  do {
    if (at(0) == '/' && at(1) == '*') {
      ++depth, at_ += 2;
    } else if (at(0) == '*' && at(1) == '/') {
      --depth, at_ += 2;
    } else {
      ++at_;
    }
  } while (depth > 0 && at_ < sql_.size());
  at_ = std::min(at_, sql_.size());
}

/// Of what may stand before a quote: E, B, X, N, U&. 0: none.
std::size_t SqlLexer::prefix_length() const {
  const char first = lower(at(0));
  if (first == 'u' && at(1) == '&' && (at(2) == '\'' || at(2) == '"')) return 2;
  const bool letter = first == 'e' || first == 'b' || first == 'x' || first == 'n';
  return letter && at(1) == '\'' ? 1 : 0;
}

std::optional<Token> SqlLexer::prefixed_string() {
  const std::size_t prefix = prefix_length();
  if (prefix == 0) return std::nullopt;
  const char quote = at(prefix);
  const bool backslashes = lower(at(0)) == 'e';
  const std::size_t end = end_of_quoted(at_ + prefix + 1, quote, backslashes);
  return take(quote == '"' ? TokenKind::kQuotedName : TokenKind::kString, end);
}

std::size_t SqlLexer::end_of_quoted(std::size_t from, char quote, bool backslashes) const {
  for (std::size_t i = from; i < sql_.size(); ++i) {
    if (backslashes && sql_[i] == '\\') {
      ++i;
    } else if (sql_[i] == quote) {
      if (i + 1 >= sql_.size() || sql_[i + 1] != quote) return i + 1;
      ++i;  // a doubled quote stands for itself
    }
  }
  return sql_.size();
}

std::size_t SqlLexer::end_of_number() const {
  std::size_t end = at_;
  while (end < sql_.size()) {
    const char c = sql_[end];
    const bool sign = (c == '+' || c == '-') && lower(sql_[end - 1]) == 'e' && end > at_;
    if (!is_digit(c) && c != '.' && lower(c) != 'e' && !sign) break;
    if (c == '.' && end + 1 < sql_.size() && sql_[end + 1] == '.') break;  // 1..10
    ++end;
  }
  return end;
}

Token SqlLexer::dollar() {
  std::size_t end = at_ + 1;
  if (is_digit(at(1))) {
    while (end < sql_.size() && is_digit(sql_[end])) ++end;
    return take(TokenKind::kParameter, end);
  }
  while (end < sql_.size() && sql_[end] != '$' && continues_word(sql_[end])) ++end;
  if (end >= sql_.size() || sql_[end] != '$') return take(TokenKind::kSymbol, at_ + 1);
  const std::string_view tag = sql_.substr(at_, end + 1 - at_);
  const std::size_t close = sql_.find(tag, end + 1);
  return take(TokenKind::kString,
              close == std::string_view::npos ? sql_.size() : close + tag.size());
}

Token SqlLexer::take(TokenKind kind, std::size_t end) {
  end = std::min(end, sql_.size());
  const Token token{kind, sql_.substr(at_, end - at_)};
  at_ = end;
  return token;
}

}  // namespace sluice::postgres
