#include "postgres/parameters.h"

#include <gtest/gtest.h>

namespace sluice::postgres {
namespace {

constexpr TypeOid kInt4 = 23, kInt4Array = 1007, kText = 25, kJsonb = 3802, kBool = 16;

TEST(Parameters, AreWrittenAsText) {
  TypeCatalog catalog;
  ParameterValues values;
  ASSERT_TRUE(values.encode({1, "x", nullptr, true, Param::array({1, 2})},
                            {kInt4, kText, kInt4, kBool, kInt4Array}, catalog));
  ASSERT_EQ(values.count(), 5);
  const char* const* text = values.pointers();
  EXPECT_STREQ(text[0], "1");
  EXPECT_STREQ(text[1], "x");
  EXPECT_EQ(text[2], nullptr);
  EXPECT_STREQ(text[3], "true");
  EXPECT_STREQ(text[4], "{1,2}");
  ASSERT_TRUE(values.encode({}, {}, catalog));
  EXPECT_EQ(values.count(), 0);
}

TEST(Parameters, TheirNumberMustFit) {
  TypeCatalog catalog;
  ParameterValues values;
  const Status few = values.encode({1}, {kInt4, kInt4}, catalog);
  ASSERT_FALSE(few);
  EXPECT_EQ(few.error().message, "the statement has 2 parameters, but 1 was given");
  EXPECT_EQ(values.encode({1, 2}, {kInt4}, catalog).error().message,
            "the statement has 1 parameter, but 2 were given");
}

TEST(Parameters, WhatDoesNotFitIsNamedWithoutItsValue) {
  TypeCatalog catalog;
  ParameterValues values;
  const Status wrong = values.encode({1, Param::array({"hush"})}, {kInt4, kInt4}, catalog);
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().fields.at(0).field, "$2");
  EXPECT_NE(wrong.error().message.find("int4"), std::string::npos);
  EXPECT_EQ(wrong.error().message.find("hush"), std::string::npos);
}

TEST(Parameters, JsonTakesTheDocumentAsItIs) {
  TypeCatalog catalog;
  ParameterValues values;
  Param document = Param::array({1});
  document.text = "[1]";
  ASSERT_TRUE(values.encode({document, document}, {kJsonb, kText}, catalog));
  EXPECT_STREQ(values.pointers()[0], "[1]");
  EXPECT_STREQ(values.pointers()[1], "[1]");
}

TEST(Parameters, TextIsCheckedAtEveryDepth) {
  EXPECT_TRUE(check_texts({"é", 1, nullptr}));
  EXPECT_FALSE(check_texts({std::string("a\0", 2)}));
  EXPECT_FALSE(check_texts({1, Param::array({Param::array({"\xff"})})}));
  EXPECT_TRUE(check_sql("SELECT 'é'"));
  EXPECT_FALSE(check_sql("\xc3"));
  EXPECT_FALSE(check_sql(std::string_view("a\0b", 3)));
}

}  // namespace
}  // namespace sluice::postgres
