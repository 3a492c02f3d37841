#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace sluice::postgres {

enum class TokenKind {
  kWord,        ///< an identifier or keyword without quotes
  kQuotedName,  ///< "…" or U&"…"
  kString,      ///< '…', E'…', B'…', X'…', N'…', U&'…', $tag$…$tag$
  kNumber,
  kParameter,  ///< $1
  kSymbol,     ///< one character of anything else
};

struct Token {
  TokenKind kind = TokenKind::kSymbol;
  std::string_view text;  ///< as written, quotes included

  [[nodiscard]] bool is(char symbol) const {
    return kind == TokenKind::kSymbol && text.front() == symbol;
  }
  /// `lower_case` must be in lower case.
  [[nodiscard]] bool is_word(std::string_view lower_case) const;
};

/// Splits SQL into tokens, as PostgreSQL's scanner does with standard_conforming_strings on.
/// Whitespace and comments (nested ones too) are skipped. Never fails: text that does not end its
/// string or comment ends with the text, and the server will say what is wrong with it.
class SqlLexer {
 public:
  explicit SqlLexer(std::string_view sql) : sql_(sql) {}

  /// The next token; empty at the end.
  [[nodiscard]] std::optional<Token> next();

 private:
  void skip_blanks();
  void skip_block_comment();
  [[nodiscard]] char at(std::size_t offset) const {
    return at_ + offset < sql_.size() ? sql_[at_ + offset] : '\0';
  }
  [[nodiscard]] std::size_t prefix_length() const;
  [[nodiscard]] std::size_t end_of_quoted(std::size_t from, char quote, bool backslashes) const;
  [[nodiscard]] std::size_t end_of_number() const;
  [[nodiscard]] std::optional<Token> prefixed_string();
  [[nodiscard]] Token dollar();
  Token take(TokenKind kind, std::size_t end);

  std::string_view sql_;
  std::size_t at_ = 0;
};

}  // namespace sluice::postgres
