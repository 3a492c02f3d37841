#include "postgres/statement_kind.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "postgres/pure_functions.h"
#include "postgres/sql_lexer.h"

namespace sluice::postgres {
namespace {

constexpr const char* kUseTransaction =
    "transactions cannot be begun or ended by single statements here; send all statements as one "
    "transaction, which is begun and ended for you (HTTP: POST /transaction/<db_id>; library: "
    "PoolManager::transaction), or one by one in a session (HTTP: POST "
    "/databases/<db_id>/sessions; library: PoolManager::acquire)";
constexpr const char* kNoCopy =
    "COPY is not possible here, not in sessions either; use INSERT … SELECT FROM unnest($1, $2) to "
    "load many rows, and a stream to read many (HTTP: Accept: text/csv). In the library "
    "PoolManager::acquire lends a connection for it";
constexpr const char* kNoListen =
    "LISTEN is not possible here, not in sessions either: it needs a client that stays connected "
    "to PostgreSQL. In the library PoolManager::acquire lends a connection for it";
constexpr const char* kNoNamedStatement =
    "named prepared statements live on one connection only; send the statement with parameters, it "
    "is prepared by itself, or use a session (HTTP: POST /databases/<db_id>/sessions; library: "
    "PoolManager::acquire)";
constexpr const char* kNoCursor =
    "cursors live on one connection only; read a page at a time (WHERE key > $1 ORDER BY key LIMIT "
    "$2), or use a session (HTTP: POST /databases/<db_id>/sessions; library: "
    "PoolManager::acquire)";

struct Refusal {
  std::string_view word;
  const char* why;
};

constexpr auto kRefusals = std::to_array<Refusal>({
    {"begin", kUseTransaction},
    {"start", kUseTransaction},
    {"commit", kUseTransaction},
    {"rollback", kUseTransaction},
    {"end", kUseTransaction},
    {"abort", kUseTransaction},
    {"savepoint", kUseTransaction},
    {"release", kUseTransaction},
    {"copy", kNoCopy},
    {"listen", kNoListen},
    {"unlisten", kNoListen},
    {"prepare", kNoNamedStatement},
    {"execute", kNoNamedStatement},
    {"deallocate", kNoNamedStatement},
    {"declare", kNoCursor},
    {"fetch", kNoCursor},
    {"move", kNoCursor},
    {"close", kNoCursor},
});

/// Whatever follows.
constexpr auto kCommandsWithoutRows = std::to_array<std::string_view>(
    {"begin", "start", "commit", "rollback", "end", "abort", "savepoint", "release", "create",
     "alter", "drop", "grant", "revoke", "lock", "comment", "set", "reset", "refresh", "truncate"});

using Tokens = std::vector<Token>;

/// Everything the rules look at: tokens up to a bound, so that a huge statement costs little.
constexpr std::size_t kMostTokens = 20'000;

Tokens tokens_of(std::string_view sql) {
  Tokens tokens;
  SqlLexer lexer(sql);
  while (auto token = lexer.next()) {
    tokens.push_back(*token);
    if (tokens.size() > kMostTokens) break;
  }
  return tokens;
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return lower;
}

bool word_at(const Tokens& tokens, std::size_t at, std::string_view word) {
  return at < tokens.size() && tokens[at].is_word(word);
}

bool has_word(const Tokens& tokens, std::string_view word) {
  return std::ranges::any_of(tokens, [word](const Token& token) { return token.is_word(word); });
}

bool is_one_of(const Token& token, std::initializer_list<std::string_view> words) {
  return std::ranges::any_of(words, [&](std::string_view word) { return token.is_word(word); });
}

/// Index of the word that says what an EXPLAIN explains.
std::size_t after_explain(const Tokens& tokens, std::size_t at) {
  if (++at < tokens.size() && tokens[at].is('(')) {
    while (at < tokens.size() && !tokens[at].is(')')) ++at;
    return at + 1;
  }
  while (word_at(tokens, at, "analyze") || word_at(tokens, at, "verbose")) ++at;
  return at;
}

/// Whether the name before a parenthesis, at `at`, is a table's, a CTE's or an alias', followed by
/// its columns.
bool is_relation_name(const Tokens& tokens, std::size_t at) {
  std::size_t before = at;
  while (before >= 2 && tokens[before - 1].is('.')) before -= 2;
  if (before == 0) return false;
  const Token& previous = tokens[before - 1];
  return is_one_of(previous, {"into", "with", "recursive"}) ||
         (before == at && previous.is_word("as"));
}

/// Whether the name before a parenthesis, at `at`, is a function that is known to be harmless.
bool is_harmless_call(const Tokens& tokens, std::size_t at) {
  const Token& name = tokens[at];
  if (name.kind != TokenKind::kWord) return false;
  const bool qualified = at >= 2 && tokens[at - 1].is('.');
  if (qualified && !(tokens[at - 2].is_word("pg_catalog") && (at < 3 || !tokens[at - 3].is('.'))))
    return false;
  const std::string lower = lower_case(name.text);
  return is_pure_function(lower) || (!qualified && is_syntax_before_parenthesis(lower));
}

bool calls_only_pure_functions(const Tokens& tokens, std::size_t first) {
  for (std::size_t i = first; i + 1 < tokens.size(); ++i) {
    const bool name =
        tokens[i].kind == TokenKind::kWord || tokens[i].kind == TokenKind::kQuotedName;
    if (!name || !tokens[i + 1].is('(')) continue;
    if (!is_harmless_call(tokens, i) && !is_relation_name(tokens, i)) return false;
  }
  return true;
}

/// SELECT … INTO makes a table; INSERT INTO and MERGE INTO do not.
bool selects_into(const Tokens& tokens) {
  for (std::size_t i = 1; i < tokens.size(); ++i) {
    if (tokens[i].is_word("into") && !is_one_of(tokens[i - 1], {"insert", "merge"})) return true;
  }
  return false;
}

bool writes(const Tokens& tokens) {
  return std::ranges::any_of(tokens, [](const Token& token) {
    return is_one_of(token, {"insert", "update", "delete", "merge"});
  });
}

bool refuses_block(const Tokens& tokens, std::size_t first) {
  const Token& word = tokens[first];
  if (is_one_of(word, {"vacuum", "reindex", "cluster", "call", "do"})) return true;
  if (word.is_word("alter"))
    return is_one_of(tokens[std::min(first + 1, tokens.size() - 1)],
                     {"system", "database", "type", "subscription", "tablespace"}) ||
           has_word(tokens, "concurrently");
  if (is_one_of(word, {"create", "drop"})) {
    const Token& object = tokens[std::min(first + 1, tokens.size() - 1)];
    return is_one_of(object, {"database", "tablespace", "subscription"}) ||
           has_word(tokens, "concurrently");
  }
  return word.is_word("discard") || is_one_of(word, {"begin", "start", "commit", "rollback", "end",
                                                     "abort", "savepoint", "release", "prepare"});
}

/// CALL, and DO unless its text shows that it cannot: `DO $$…$$` is PL/pgSQL, which commits only by
/// these words.
bool may_commit_in_parts(const Tokens& tokens, std::size_t first) {
  if (tokens[first].is_word("call")) return true;
  if (!tokens[first].is_word("do")) return false;
  if (tokens.size() != first + 2 || !tokens[first + 1].text.starts_with('$')) return true;
  const std::string body = lower_case(tokens[first + 1].text);
  const auto holds = [&body](std::string_view word) { return body.find(word) != body.npos; };
  return holds("commit") || holds("call") || holds("execute");
}

const char* refusal_of(const Token& word) {
  for (const Refusal& refusal : kRefusals) {
    if (word.is_word(refusal.word)) return refusal.why;
  }
  return nullptr;
}

}  // namespace

StatementTraits classify(std::string_view sql) {
  StatementTraits traits;
  const Tokens tokens = tokens_of(sql);
  std::size_t first = 0;
  while (first < tokens.size() && (tokens[first].is('(') || tokens[first].is(';'))) ++first;
  if (first >= tokens.size()) {
    traits.empty = true;
    return traits;
  }
  const bool explains = tokens[first].is_word("explain");
  if (explains) first = after_explain(tokens, first);
  if (first >= tokens.size()) return traits;
  const Token& word = tokens[first];
  traits.refusal = refusal_of(word);
  traits.needs_session = traits.refusal && traits.refusal != kNoCopy && traits.refusal != kNoListen;
  traits.refuses_block = refuses_block(tokens, first);
  traits.may_commit = is_one_of(word, {"call", "do"});
  traits.commits_in_parts = may_commit_in_parts(tokens, first);
  traits.stales_statements = is_one_of(word, {"prepare", "deallocate", "discard"});
  traits.gives_no_rows =
      !explains && std::ranges::any_of(kCommandsWithoutRows, [&](std::string_view command) {
        return word.is_word(command);
      });
  const bool query = is_one_of(word, {"select", "values", "table", "with", "show"});
  const bool write = is_one_of(word, {"insert", "update", "delete", "merge"});
  if ((!query && !write) || tokens.size() > kMostTokens) return traits;
  traits.clean = calls_only_pure_functions(tokens, first) && !selects_into(tokens);
  traits.reads = traits.clean && query && !writes(tokens);
  return traits;
}

}  // namespace sluice::postgres
