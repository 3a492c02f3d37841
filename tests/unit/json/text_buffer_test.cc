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
  return std::string(buffer.view());
}

TEST(TextBuffer, EscapesWhatJsonDemands) {
  EXPECT_EQ(json_string(""), R"("")");
  EXPECT_EQ(json_string("a\"b\\c/"), R"("a\"b\\c/")");
  EXPECT_EQ(json_string("\b\t\n\f\r"), R"("\b\t\n\f\r")");
  EXPECT_EQ(json_string("\0\x01\x0B\x1F\x7F"s), "\"\\u0000\\u0001\\u000b\\u001f\x7F\"");
}

TEST(TextBuffer, FindsEverySpecialByteAtEveryPlace) {
  const std::string special = "\"\\\x01\x1f\n\x7f \x21\x23\x5b\x5d"s + '\0';
  for (const char byte : special) {
    for (std::size_t length = 1; length <= 20; ++length) {
      for (std::size_t place = 0; place < length; ++place) {
        std::string text(length, 'x');
        text[place] = byte;
        const std::string json = json_string(text);
        const auto document = Document::parse(json);
        ASSERT_TRUE(document) << int{byte} << " at " << place << " of " << length << ": " << json;
        EXPECT_EQ(document->root().text(), text) << int{byte} << " at " << place;
      }
    }
  }
}

TEST(TextBuffer, RepairsOneBadByteAtEveryPlace) {
  for (std::size_t length = 1; length <= 20; ++length) {
    for (std::size_t place = 0; place < length; ++place) {
      std::string text(length, 'x');
      text[place] = '\x80';
      std::string repaired = text;
      repaired.replace(place, 1, "\uFFFD");
      EXPECT_EQ(json_string(text), '"' + repaired + '"') << place << " of " << length;
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

TEST(TextBuffer, CopiesTextOfEveryLength) {
  for (std::size_t length = 0; length < 100; ++length) {
    const std::string text =
        std::string(length, 'a').substr(0, length / 2) + std::string(length - length / 2, 'b');
    TextBuffer buffer;
    for (int i = 0; i < 50; ++i) {
      buffer.put(TextBuffer::Piece(text));
      buffer.put(text);
      buffer.put_string(text);
    }
    std::string expected;
    for (int i = 0; i < 50; ++i) expected += text + text + '"' + text + '"';
    ASSERT_EQ(buffer.view(), expected) << length;
  }
}

TEST(TextBuffer, TakesBack) {
  TextBuffer buffer;
  buffer.put("the rows");
  const std::size_t before = buffer.size();
  buffer.put(std::string(5'000, 'x'));
  buffer.truncate(before);
  buffer.put('?');
  buffer.replace(before, '!');
  EXPECT_EQ(buffer.view(), "the rows!");
}

}  // namespace
}  // namespace sluice::json
