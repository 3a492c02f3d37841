#include "postgres/sql_lexer.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sluice::postgres {
namespace {

std::vector<std::string> texts(std::string_view sql) {
  std::vector<std::string> found;
  SqlLexer lexer(sql);
  while (const auto token = lexer.next()) found.emplace_back(token->text);
  return found;
}

std::vector<TokenKind> kinds(std::string_view sql) {
  std::vector<TokenKind> found;
  SqlLexer lexer(sql);
  while (const auto token = lexer.next()) found.push_back(token->kind);
  return found;
}

using Texts = std::vector<std::string>;
using enum TokenKind;

TEST(SqlLexer, SkipsBlanksAndComments) {
  EXPECT_EQ(texts(" \t\r\n\f a -- b c\n d"), (Texts{"a", "d"}));
  EXPECT_EQ(texts("a/* x */b"), (Texts{"a", "b"}));
  EXPECT_EQ(texts("a /* x /* nested */ still */ b"), (Texts{"a", "b"}));
  EXPECT_EQ(texts("/* '*/ a"), (Texts{"a"})) << "a quote means nothing in a comment";
  EXPECT_EQ(texts("-- '\ra"), (Texts{"a"}));
}

TEST(SqlLexer, StringsHideWhatIsInThem) {
  EXPECT_EQ(texts("'a -- b' c"), (Texts{"'a -- b'", "c"}));
  EXPECT_EQ(texts("'it''s' c"), (Texts{"'it''s'", "c"}));
  EXPECT_EQ(texts("'back\\' c"), (Texts{"'back\\'", "c"})) << "a backslash is a plain character";
  EXPECT_EQ(texts("E'back\\' c' d"), (Texts{"E'back\\' c'", "d"}));
  EXPECT_EQ(texts("e'x\\\\' d"), (Texts{"e'x\\\\'", "d"}));
  EXPECT_EQ(texts("U&'x\\' d"), (Texts{"U&'x\\'", "d"}));
  EXPECT_EQ(kinds("B'01' x'ff' N'n' U&'u'"), (std::vector{kString, kString, kString, kString}));
}

TEST(SqlLexer, DollarQuotesHideWhatIsInThem) {
  EXPECT_EQ(texts("$$ ' -- /* $$ c"), (Texts{"$$ ' -- /* $$", "c"}));
  EXPECT_EQ(texts("$a$ $$ $b$ $a$ c"), (Texts{"$a$ $$ $b$ $a$", "c"}));
  EXPECT_EQ(kinds("$1 $12"), (std::vector{kParameter, kParameter}));
  EXPECT_EQ(texts("a$b$c d"), (Texts{"a$b$c", "d"})) << "inside a word it starts no string";
  EXPECT_EQ(texts("$1$ x"), (Texts{"$1", "$", "x"}));
}

TEST(SqlLexer, QuotedNamesAreNoKeywords) {
  EXPECT_EQ(texts("\"select\" \"a\"\"b\" c"), (Texts{"\"select\"", "\"a\"\"b\"", "c"}));
  EXPECT_EQ(kinds("\"x\" U&\"y\" z"), (std::vector{kQuotedName, kQuotedName, kWord}));
  SqlLexer lexer("\"copy\"");
  EXPECT_FALSE(lexer.next()->is_word("copy"));
}

TEST(SqlLexer, WordsAreComparedWithoutCase) {
  SqlLexer lexer("SeLeCt sélect");
  EXPECT_TRUE(lexer.next()->is_word("select"));
  const auto accented = lexer.next();
  EXPECT_EQ(accented->text, "sélect");
  EXPECT_FALSE(accented->is_word("select"));
}

TEST(SqlLexer, NumbersAndSymbols) {
  EXPECT_EQ(texts("1 1.5 .5 1e-3 1..2"), (Texts{"1", "1.5", ".5", "1e-3", "1", ".", ".2"}));
  EXPECT_EQ(texts("a::int[]"), (Texts{"a", ":", ":", "int", "[", "]"}));
  EXPECT_EQ(texts("f(x)"), (Texts{"f", "(", "x", ")"}));
  EXPECT_EQ(texts("a-b"), (Texts{"a", "-", "b"}));
}

TEST(SqlLexer, UnendedTextEndsWithTheText) {
  for (const char* sql : {"'abc", "E'abc\\", "$x$ abc", "\"abc", "/* abc", "/* /* */", "--", "$",
                          "$x", "U&'", "e'", "/", "'", "''", "/*/"}) {
    EXPECT_LE(texts(sql).size(), 3U) << sql;
  }
  EXPECT_TRUE(texts("").empty());
}

}  // namespace
}  // namespace sluice::postgres
