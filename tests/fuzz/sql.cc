// SQL. Tokens cover the text in order, and what is told of a statement does not depend on blanks.
#include <string>
#include <vector>

#include "fuzz/fuzz.h"
#include "postgres/sql_lexer.h"
#include "postgres/statement_kind.h"

namespace sluice::fuzz {
namespace {

using postgres::SqlLexer;
using postgres::StatementTraits;
using postgres::Token;

std::vector<Token> tokens_of(std::string_view sql) {
  std::vector<Token> tokens;
  SqlLexer lexer(sql);
  const char* at = sql.data();
  while (const auto token = lexer.next()) {
    require(!token->text.empty(), "a token is something", sql);
    require(token->text.data() >= at, "tokens come in order", sql);
    at = token->text.data() + token->text.size();
    require(at <= sql.data() + sql.size(), "tokens lie in the text", sql);
    tokens.push_back(*token);
  }
  return tokens;
}

bool same(const StatementTraits& a, const StatementTraits& b) {
  return a.refusal == b.refusal && a.empty == b.empty && a.clean == b.clean && a.reads == b.reads &&
         a.refuses_block == b.refuses_block && a.may_commit == b.may_commit &&
         a.stales_statements == b.stales_statements;
}

}  // namespace

void sql(std::string_view input) {
  const auto tokens = tokens_of(input);
  const auto traits = postgres::classify(input);
  require(!traits.reads || traits.clean, "what only reads is clean", input);
  std::string spaced;
  for (const Token& token : tokens) spaced += std::string(token.text) + " /* - */ ";
  const auto again = tokens_of(spaced);
  // The last one may be a string that never ends, and takes the comment in.
  for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
    require(i < again.size() && again[i].kind == tokens[i].kind && again[i].text == tokens[i].text,
            "blanks do not change tokens", spaced);
  }
  if (again.size() != tokens.size() || tokens.empty()) return;
  if (again.back().text != tokens.back().text) return;
  require(same(traits, postgres::classify(spaced)), "blanks do not change what is told", spaced);
}

}  // namespace sluice::fuzz
