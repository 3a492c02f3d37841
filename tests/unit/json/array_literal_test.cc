#include "json/array_literal.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice::json {
namespace {

/// Writes what it sees: elements in <>, NULL as NULL.
class Recorder final : public ArrayVisitor {
 public:
  void begin_array(bool first) override { seen += first ? "[" : ",["; }
  void end_array() override { seen += "]"; }
  void element(std::string_view text, bool first) override {
    seen += (first ? "<" : ",<") + std::string(text) + ">";
  }
  void null_element(bool first) override { seen += first ? "NULL" : ",NULL"; }
  std::string seen;
};

std::string read(std::string_view text, char delimiter = ',') {
  Recorder recorder;
  return read_array(text, delimiter, recorder) ? recorder.seen : "no array";
}

TEST(ArrayLiteral, ReadsWhatPostgresWrites) {
  const std::pair<const char*, const char*> cases[] = {
      {"{}", "[]"},
      {"{1}", "[<1>]"},
      {"{1,-2,3.5e+10}", "[<1>,<-2>,<3.5e+10>]"},
      {"{NULL,\"NULL\",null,nullx}", "[NULL,<NULL>,NULL,<nullx>]"},
      {R"({"","a b","a,b","{}","a\"b","a\\b"})", R"([<>,<a b>,<a,b>,<{}>,<a"b>,<a\b>])"},
      {"{{1,2},{3,NULL}}", "[[<1>,<2>],[<3>,NULL]]"},
      {"{{{1}},{{2}}}", "[[[<1>]],[[<2>]]]"},
      {"[0:1]={1,2}", "[<1>,<2>]"},
      {"[-3:-2][5:5]={{1},{2}}", "[[<1>],[<2>]]"},
      {"{2026-01-28 12:00:00+00}", "[<2026-01-28 12:00:00+00>]"},
      {"{grün,\"中 文\"}", "[<grün>,<中 文>]"},
      {"{a\\,b}", "[<a,b>]"},
      {"{\\null}", "[<null>]"},
      {"{t,f}", "[<t>,<f>]"}};
  for (const auto& [text, expected] : cases) EXPECT_EQ(read(text), expected) << text;
}

TEST(ArrayLiteral, KnowsOtherDelimiters) {
  EXPECT_EQ(read("{(1,1),(0,0);(2,2),(1,1)}", ';'), "[<(1,1),(0,0)>,<(2,2),(1,1)>]");
}

TEST(ArrayLiteral, RefusesEverythingElse) {
  for (const char* text :
       {"",         "1",      "{",      "}",     "{1",     "{1,",     "{1,}",  "{,1}",
        "{,}",      "{1}}",   "{1}x",   "{{1}",  "{\"a}",  "{\"a\\",  "{a\\",  "{\"a\"b}",
        "{a\"b\"}", "{1{2}}", "{{1}2}", "[0:1]", "[0:1]1", "[x]={1}", "1 2 3", "{{1},2"}) {
    EXPECT_EQ(read(text), "no array") << text;
  }
}

TEST(ArrayLiteral, TakesSixDimensionsAsPostgresDoes) {
  EXPECT_EQ(read("{{{{{{1}}}}}}"), "[[[[[[<1>]]]]]]");
  EXPECT_EQ(read("{{{{{{{1}}}}}}}"), "no array");
  EXPECT_EQ(read(std::string(1 << 20, '{')), "no array");
}

}  // namespace
}  // namespace sluice::json
