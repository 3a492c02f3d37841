#include "gateway/sql_display.h"

#include <cstddef>

#include "base/utf8.h"
#include "postgres/sql_lexer.h"

namespace sluice::gateway {
namespace {

using postgres::TokenKind;

constexpr std::size_t kLongest = 2'000;
constexpr std::string_view kEllipsis = "…";

void shorten(std::string& text) {
  if (text.size() <= kLongest) return;
  text.resize(base::utf8_prefix(text, kLongest - kEllipsis.size()).size());
  text += kEllipsis;
}

}  // namespace

std::string displayed_sql(std::string_view sql) {
  std::string shown;
  postgres::SqlLexer lexer(sql);
  const char* end_of_last = sql.data();
  while (const auto token = lexer.next()) {
    if (shown.size() > kLongest) break;
    if (!shown.empty() && token->text.data() != end_of_last) shown += ' ';
    end_of_last = token->text.data() + token->text.size();
    const bool literal = token->kind == TokenKind::kString || token->kind == TokenKind::kNumber;
    if (literal) {
      shown += '?';
    } else {
      shown += token->text;
    }
  }
  shorten(shown);
  return shown;
}

}  // namespace sluice::gateway
