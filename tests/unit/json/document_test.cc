#include "json/document.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice::json {
namespace {

using std::string_literals::operator""s;

std::string message_of(std::string_view text) {
  const auto document = Document::parse(text);
  if (document) return "no error";
  EXPECT_TRUE(is_malformed_json(document.error())) << document.error().message;
  return document.error().message;
}

TEST(Document, KeepsEveryDigitOfANumber) {
  const std::string text = R"({"a": 12345678901234567890.10, "b": -0, "c": 1E+300})";
  const auto document = Document::parse(text);
  ASSERT_TRUE(document);
  EXPECT_EQ(document->root().find("a")->text(), "12345678901234567890.10");
  EXPECT_EQ(document->root().find("b")->text(), "-0");
  EXPECT_EQ(document->root().find("c")->text(), "1E+300");
}

TEST(Document, KeepsTheSourceOfObjectsAndArrays) {
  const std::string text = " [ {\"k\\n\" : [1, \"x\\u0041\"]} ,\t[ ] ] ";
  const auto document = Document::parse(text);
  ASSERT_TRUE(document);
  EXPECT_EQ(document->root().text(), "[ {\"k\\n\" : [1, \"x\\u0041\"]} ,\t[ ] ]");
  auto element = document->root().begin();
  EXPECT_EQ((*element).text(), "{\"k\\n\" : [1, \"x\\u0041\"]}");
  EXPECT_EQ((*(*element).begin()).key(), "k\n");
  EXPECT_EQ((*(*element).begin()).text(), "[1, \"x\\u0041\"]");
  ++element;
  EXPECT_EQ((*element).text(), "[ ]");
  EXPECT_EQ((*element).size(), 0U);
}

TEST(Document, WalksWhatLiesOnOneLevelOnly) {
  const std::string text = R"([[1,[2,3]],{"a":{"b":4}},5,null,true,"s"])";
  const auto document = Document::parse(text);
  ASSERT_TRUE(document);
  std::string kinds;
  for (const Value& value : document->root())
    kinds += std::to_string(static_cast<int>(value.kind()));
  EXPECT_EQ(kinds, "452013");
  EXPECT_EQ(document->root().size(), 6U);
}

TEST(Document, DecodesEscapesAndSurrogatePairs) {
  const std::string text = R"(["\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00", "ü😀"])";
  const auto document = Document::parse(text);
  ASSERT_TRUE(document);
  auto element = document->root().begin();
  EXPECT_EQ((*element).text(), "\"\\/\b\f\n\r\té😀");
  ++element;
  EXPECT_EQ((*element).text(), "ü😀");
}

TEST(Document, RefusesWhatIsNotJson) {
  const std::string texts[] = {"",
                               "   ",
                               "{",
                               "[1,]",
                               "{\"a\":1,}",
                               "{'a':1}",
                               "{a:1}",
                               "['a']",
                               "// comment\n1",
                               "/* c */ 1",
                               "[1] 2",
                               "NaN",
                               "Infinity",
                               "-Infinity",
                               "-",
                               "01",
                               "+1",
                               ".5",
                               "1.",
                               "1e",
                               "0x10",
                               "True",
                               "nul",
                               "\"open",
                               "\"tab\tinside\"",
                               "\"\\x41\"",
                               "\"\\u12g4\"",
                               "\xEF\xBB\xBF{}",
                               "[1]\0"s,
                               "[1]\0[2]"s,
                               "\"a\0b\""s,
                               "\0"s};
  for (const std::string& text : texts) {
    EXPECT_EQ(message_of(text).rfind("malformed JSON at byte ", 0), 0U) << text << message_of(text);
  }
}

TEST(Document, RefusesTextThatIsNoUnicode) {
  const std::string texts[] = {"\"\xFF\"",
                               "\"\xC0\x80\"",
                               "\"\xC3\"",
                               "\"\xE2\x82\"",
                               "\"\xED\xA0\x80\"",
                               "\"\xF4\x90\x80\x80\"",
                               "\"\xF0\x80\x80\x80\"",
                               R"("\ud800")",
                               R"("\udc00")",
                               R"("\ud800\u0041")",
                               R"("\ud800\ud800")",
                               R"({"\udfff":1})"};
  for (const std::string& text : texts) {
    EXPECT_EQ(message_of(text).rfind("malformed JSON", 0), 0U) << text;
  }
}

TEST(Document, SaysWhereItStopped) {
  EXPECT_EQ(message_of(R"({"a":1 "b":2})"),
            "malformed JSON at byte 8: a comma or } is expected here");
  EXPECT_EQ(message_of("{\n  \"a\": 1,\n  b: 2}"),
            "malformed JSON at byte 15 (line 3, column 3): a name in double quotes is expected "
            "here");
  EXPECT_NE(message_of("[1e400]").find("send it as a string"), std::string::npos);
}

TEST(Document, TakesSixtyFourLevelsAndNoMore) {
  const std::string deepest = std::string(64, '[') + std::string(64, ']');
  EXPECT_TRUE(Document::parse(deepest));
  const std::string too_deep = "[" + deepest + "]";
  EXPECT_NE(message_of(too_deep).find("deeper than 64 levels"), std::string::npos);
}

TEST(Document, SurvivesAMegabyteOfBrackets) {
  EXPECT_NE(message_of(std::string(1 << 20, '[')).find("deeper"), std::string::npos);
  std::string objects;
  for (int i = 0; i < 200'000; ++i) objects += "{\"a\":";
  EXPECT_NE(message_of(objects).find("deeper"), std::string::npos);
}

// A sanitizer sees whether the reader looks for the missing bytes behind the text.
TEST(Document, RefusesACharacterThatTheEndCutsOff) {
  for (const char* beginning : {"\xC3", "\xE2\x82", "\xE2", "\xF0\x9F\x98", "\xF0\x9F", "\xF0"}) {
    const std::string text = std::string("\"") + beginning;
    EXPECT_NE(message_of(text).find("invalid UTF-8"), std::string::npos) << text.size();
  }
}

TEST(Document, ReportsRepeatedNamesWithTheirPlace) {
  const std::string text = R"({"a":1,"b":{"c":1,"\u0063":2},"a":2})";
  const auto document = Document::parse(text);
  ASSERT_TRUE(document);
  ASSERT_EQ(document->mistakes().size(), 2U);
  EXPECT_EQ(document->mistakes()[0].field, "a");
  EXPECT_EQ(document->mistakes()[1].field, "b.c");
  EXPECT_EQ(document->mistakes()[1].message, "is given twice");
}

TEST(Document, FindsARepeatedNameAmongVeryMany) {
  std::string text = "{";
  for (int i = 0; i < 50'000; ++i) text += "\"k" + std::to_string(i) + "\":0,";
  const std::string good = text + "\"last\":0}";
  const auto document = Document::parse(good);
  ASSERT_TRUE(document);
  EXPECT_TRUE(document->mistakes().empty());
  const std::string bad = text + "\"k77\":0}";
  const auto repeated = Document::parse(bad);
  ASSERT_TRUE(repeated);
  ASSERT_EQ(repeated->mistakes().size(), 1U);
  EXPECT_EQ(repeated->mistakes()[0].field, "k77");
}

TEST(Document, NamesTheFieldWithNulButNothingInsideAList) {
  const std::string text = R"({"sql":"a\u0000b","params":[1,{"secret":"\u0000"},"\u0000"]})";
  const auto document = Document::parse(text);
  ASSERT_TRUE(document);
  ASSERT_EQ(document->mistakes().size(), 3U);
  EXPECT_EQ(document->mistakes()[0].field, "sql");
  EXPECT_EQ(document->mistakes()[1].field, "params[1]");
  EXPECT_EQ(document->mistakes()[2].field, "params[2]");
}

TEST(Document, LimitsWhatItReports) {
  std::string text = "[";
  for (int i = 0; i < 10'000; ++i) text += "\"\\u0000\",";
  text += "1]";
  const auto document = Document::parse(text);
  ASSERT_TRUE(document);
  EXPECT_EQ(document->mistakes().size(), 20U);
}

TEST(Document, StaysValidWhenMoved) {
  const std::string text = R"(["\u0041bc"])";
  auto document = Document::parse(text);
  ASSERT_TRUE(document);
  const Document moved = std::move(*document);
  EXPECT_EQ((*moved.root().begin()).text(), "Abc");
}

}  // namespace
}  // namespace sluice::json
