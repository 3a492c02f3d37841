#include "json/text_buffer.h"

#include <gtest/gtest.h>

#include <string>

#include "json/document.h"

namespace sluice::json {
namespace {

using std::string_literals::operator""s;

std::string json_string(std::string_view text) {
  TextBuffer buffer;
  buffer.put_string(text);
  return buffer.take();
}

TEST(TextBuffer, EscapesWhatJsonDemands) {
  EXPECT_EQ(json_string(""), R"("")");
  EXPECT_EQ(json_string("a\"b\\c/"), R"("a\"b\\c/")");
  EXPECT_EQ(json_string("\b\t\n\f\r"), R"("\b\t\n\f\r")");
  EXPECT_EQ(json_string("\0\x01\x0B\x1F\x7F"s), "\"\\u0000\\u0001\\u000b\\u001f\x7F\"");
}

TEST(TextBuffer, FindsEverySpecialByteAtEveryPlace) {
  for (int byte = 0; byte < 0x80; ++byte) {
    for (std::size_t place = 0; place < 20; ++place) {
      std::string text(20, 'x');
      text[place] = static_cast<char>(byte);
      const std::string json = json_string(text);
      const auto document = Document::parse(json);
      ASSERT_TRUE(document) << byte << " at " << place << ": " << json;
      EXPECT_EQ(document->root().text(), text) << byte << " at " << place;
    }
  }
}

TEST(TextBuffer, KeepsCharactersAndReplacesBytesThatAreNone) {
  EXPECT_EQ(json_string("grün 中文 😀"), "\"grün 中文 😀\"");
  EXPECT_EQ(json_string("a\xFF"
                        "b"),
            "\"a\uFFFDb\"");
  EXPECT_EQ(json_string("\xE4\xFC"), "\"\uFFFD\uFFFD\"");
  EXPECT_EQ(json_string("ü\xC3"), "\"ü\uFFFD\"");
  EXPECT_EQ(json_string("中\xE4\xB8"), "\"中\uFFFD\uFFFD\"");
  EXPECT_EQ(json_string("\xED\xA0\x80😀"), "\"\uFFFD\uFFFD\uFFFD😀\"");
}

TEST(TextBuffer, TakesBackAndPutsInFront) {
  TextBuffer buffer;
  buffer.put("rows");
  const std::size_t before = buffer.size();
  buffer.put(std::string(5'000, 'x'));
  buffer.truncate(before);
  buffer.put_front("the ");
  buffer.put('!');
  EXPECT_EQ(buffer.take(), "the rows!");
  EXPECT_EQ(buffer.size(), 0U);
}

}  // namespace
}  // namespace sluice::json
