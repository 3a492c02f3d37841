#include "postgres/array_literal.h"

#include <gtest/gtest.h>

namespace sluice::postgres {
namespace {

std::string literal(const std::vector<Param>& elements, ElementFormat format = {}) {
  std::string out;
  const char* wrong = append_array_literal(elements, format, out);
  return wrong ? std::string("wrong: ") + wrong : out;
}

TEST(ArrayLiteral, WritesScalars) {
  EXPECT_EQ(literal({}), "{}");
  EXPECT_EQ(literal({1, 2.5, true, nullptr}), "{1,2.5,true,NULL}");
  EXPECT_EQ(literal({"a", "", "NULL", "a,b", "{}"}), R"({"a","","NULL","a,b","{}"})");
  EXPECT_EQ(literal({"\"", "\\"}), R"({"\"","\\"})");
  EXPECT_EQ(literal({1, 2}, {.delimiter = ';'}), "{1;2}");
}

TEST(ArrayLiteral, WritesDimensions) {
  EXPECT_EQ(literal({Param::array({1, 2}), Param::array({3, nullptr})}), "{{1,2},{3,NULL}}");
  EXPECT_EQ(literal({Param::array({}), Param::array({})}), "{}");
  Param deep = Param::array({1});
  for (int i = 0; i < 4; ++i) deep = Param::array({deep});
  EXPECT_EQ(literal({deep}), "{{{{{{1}}}}}}");
  EXPECT_EQ(literal({Param::array({deep})}), "wrong: it has more than 6 dimensions");
}

TEST(ArrayLiteral, RefusesWhatIsNotRectangular) {
  EXPECT_TRUE(literal({Param::array({1}), Param::array({1, 2})}).starts_with("wrong"));
  EXPECT_TRUE(literal({Param::array({1}), 2}).starts_with("wrong"));
  EXPECT_TRUE(literal({1, Param::array({2})}).starts_with("wrong"));
  EXPECT_TRUE(literal({nullptr, Param::array({2})}).starts_with("wrong"));
  EXPECT_TRUE(literal({Param::array({1}), nullptr}).starts_with("wrong"));
  EXPECT_TRUE(literal({Param::array({}), Param::array({1})}).starts_with("wrong"));
}

TEST(ArrayLiteral, JsonElementsAreDocuments) {
  Param list = Param::array({1, 2});
  list.text = "[1,2]";
  EXPECT_EQ(literal({list, 3}, {.json = true}), R"({"[1,2]",3})");
}

TEST(ArrayLiteral, ElementsMayBeArraysOfTheirOwn) {
  const Param ragged = Param::array({1, 2});
  EXPECT_EQ(literal({ragged, Param::array({3}), nullptr, "{4}"}, {.nested_arrays = 1}),
            R"({"{1,2}","{3}",NULL,"{4}"})");
  EXPECT_EQ(literal({Param::array({Param::array({"a\""})})}, {.nested_arrays = 2}),
            R"({"{\"{\\\"a\\\\\\\"\\\"}\"}"})");
  EXPECT_EQ(literal({Param::array({Param::array({1}), 2})}, {.nested_arrays = 1}),
            "wrong: it mixes arrays with other values on one level");
}

TEST(ArrayLiteral, OnlyDocumentsAndStringsMayBeObjects) {
  Param object;
  object.kind = Param::Kind::kObject;
  object.text = R"({"a":1})";
  EXPECT_EQ(literal({object}, {.json = true}), R"({"{\"a\":1}"})");
  EXPECT_EQ(literal({object}, {.string = true}), R"({"{\"a\":1}"})");
  EXPECT_EQ(literal({object}), "wrong: it holds an object");
  EXPECT_EQ(literal({Param::array({object})}), "wrong: it holds an object");
  EXPECT_EQ(literal({object}, {.json = true, .nested_arrays = 1}), "wrong: it holds an object");
}

TEST(ArrayLiteral, AThousandNestedBracketsEndInAnErrorNotInTheStack) {
  Param deep = Param::array({});
  for (int i = 0; i < 1'000; ++i) {
    Param outer;
    outer.kind = Param::Kind::kArray;
    outer.elements.push_back(std::move(deep));
    deep = std::move(outer);
  }
  EXPECT_TRUE(literal({deep}).starts_with("wrong"));
}

}  // namespace
}  // namespace sluice::postgres
