#include "json/merged_rows.h"

#include <gtest/gtest.h>

#include "json/json_scan.h"

namespace sluice::json {
namespace {

Column column(const std::string& name, const std::string& type, std::uint32_t oid, ValueKind kind) {
  Column column;
  column.name = name;
  column.type = type;
  column.oid = oid;
  column.kind = kind;
  return column;
}
Column int4(const std::string& name) { return column(name, "int4", 23, ValueKind::kNumber); }
Column int8(const std::string& name) { return column(name, "int8", 20, ValueKind::kExactNumber); }
Column float4(const std::string& name) { return column(name, "float4", 700, ValueKind::kNumber); }
Column text(const std::string& name) { return column(name, "text", 25, ValueKind::kText); }
Column uuid(const std::string& name) { return column(name, "uuid", 2950, ValueKind::kText); }
Column boolean(const std::string& name) { return column(name, "bool", 16, ValueKind::kBool); }
Column json_column(const std::string& name) { return column(name, "json", 114, ValueKind::kJson); }
Column array(const std::string& type, std::uint32_t oid, ValueKind kind) {
  Column array = column("a", type, oid, kind);
  array.array = true;
  return array;
}

/// The type of a column that is `a` in one result and `b` in another.
std::string common(const Column& a, const Column& b) {
  MergedRows one_way({});
  one_way.add_columns({a});
  one_way.add_columns({b});
  MergedRows other_way({});
  other_way.add_columns({b});
  other_way.add_columns({a});
  EXPECT_EQ(one_way.columns()[0].type, other_way.columns()[0].type);
  return one_way.columns()[0].type;
}

TEST(MergedRows, ChoosesATypeThatHoldsAllValues) {
  EXPECT_EQ(common(int4("a"), int4("a")), "int4");
  EXPECT_EQ(common(int4("a"), int8("a")), "int8");
  EXPECT_EQ(common(int8("a"), column("a", "numeric", 1700, ValueKind::kExactNumber)), "numeric");
  EXPECT_EQ(common(int4("a"), float4("a")), "float8");
  EXPECT_EQ(common(int4("a"), text("a")), "text");
  EXPECT_EQ(common(uuid("a"), text("a")), "text");
  EXPECT_EQ(common(boolean("a"), int4("a")), "text");
  EXPECT_EQ(common(column("a", "cidr", 650, ValueKind::kText),
                   column("a", "inet", 869, ValueKind::kText)),
            "inet");
}

TEST(MergedRows, LosesNoDigitOfANumber) {
  const Column float8 = column("a", "float8", 701, ValueKind::kNumber);
  const Column numeric = column("a", "numeric", 1700, ValueKind::kExactNumber);
  const Column oid = column("a", "oid", 26, ValueKind::kNumber);
  EXPECT_EQ(common(int8("a"), float8), "numeric");
  EXPECT_EQ(common(numeric, float8), "numeric");
  EXPECT_EQ(common(int4("a"), float8), "float8");
  EXPECT_EQ(common(float4("a"), float8), "float8");
  EXPECT_EQ(common(oid, int4("a")), "int8");
  EXPECT_EQ(common(oid, float8), "float8");
}

/// A json keeps doubled keys, and NUL in its strings, which a jsonb cannot have; a time without an
/// offset is nothing that a timestamptz could be.
TEST(MergedRows, PromisesNothingThatAValueDoesNotHave) {
  EXPECT_EQ(common(json_column("a"), column("a", "jsonb", 3802, ValueKind::kJson)), "json");
  EXPECT_EQ(common(column("a", "timestamp", 1114, ValueKind::kTimestamp),
                   column("a", "timestamptz", 1184, ValueKind::kTimestamp)),
            "text");
}

/// Types that users make have numbers of each database's own.
TEST(MergedRows, OneNumberMayBeTwoTypes) {
  const Column mood = column("a", "mood", 16400, ValueKind::kText);
  const Column amount = column("a", "amount", 16400, ValueKind::kNumber);
  EXPECT_EQ(common(mood, amount), "text");
  MergedRows merged({});
  merged.add_columns({mood});
  merged.add_columns({amount});
  EXPECT_EQ(merged.fitted("{\"a\":1}", {amount}), "{\"a\":\"1\"}");
}

TEST(MergedRows, ArraysHaveACommonTypeOfTheirElements) {
  const Column int4s = array("_int4", 1007, ValueKind::kNumber);
  const Column texts = array("_text", 1009, ValueKind::kText);
  EXPECT_EQ(common(int4s, array("_int8", 1016, ValueKind::kExactNumber)), "_int8");
  EXPECT_EQ(common(array("_varchar", 1015, ValueKind::kText), texts), "_text");
  EXPECT_EQ(common(int4s, texts), "_text");
  EXPECT_EQ(common(array("_cidr", 651, ValueKind::kText), array("_inet", 1041, ValueKind::kText)),
            "_inet");
  EXPECT_EQ(common(array("_json", 199, ValueKind::kJson), array("_jsonb", 3807, ValueKind::kJson)),
            "_json");
  EXPECT_EQ(common(int4s, int4("a")), "text");
  EXPECT_EQ(common(array("_json", 199, ValueKind::kJson), texts), "text");
  Column nested = array("_bounded", 99999, ValueKind::kNumber);
  nested.nested_arrays = 1;
  EXPECT_EQ(common(nested, int4s), "text");
}

/// A row of one column "a" in the shape that it gets beside another type.
std::string beside(const std::string& value, const Column& from, const Column& other,
                   ResultFormat format = {}) {
  MergedRows merged(format);
  merged.add_columns({from});
  merged.add_columns({other});
  return merged.fitted("{\"a\":" + value + "}", {from});
}

TEST(MergedRows, ArraysStayArrays) {
  const Column int4s = array("_int4", 1007, ValueKind::kNumber);
  const Column int8s = array("_int8", 1016, ValueKind::kExactNumber);
  const Column texts = array("_text", 1009, ValueKind::kText);
  EXPECT_EQ(beside("[1,null]", int4s, int8s), "{\"a\":[1,null]}");
  EXPECT_EQ(beside("[1]", int4s, int8s, {.numbers_as_strings = true}), "{\"a\":[\"1\"]}");
  EXPECT_EQ(beside("[[1,null],[2,3]]", int4s, texts), "{\"a\":[[\"1\",null],[\"2\",\"3\"]]}");
  EXPECT_EQ(beside("[]", int4s, texts), "{\"a\":[]}");
  EXPECT_EQ(beside("null", int4s, texts), "{\"a\":null}");
  EXPECT_EQ(beside("[\"[1]\"]", array("_varchar", 1015, ValueKind::kText), texts),
            "{\"a\":[\"[1]\"]}");
  EXPECT_EQ(beside("[[1]]", array("_json", 199, ValueKind::kJson), texts), "{\"a\":\"[[1]]\"}");
}

TEST(MergedRows, LeavesRowsThatFitAsTheyAre) {
  MergedRows merged({});
  merged.add_columns({int4("a"), text("b")});
  const std::string rows = "{\"a\":1,\"b\":\"x\"}";
  EXPECT_EQ(merged.fitted(rows, {int4("a"), text("b")}), rows);
}

TEST(MergedRows, GivesNullForAColumnThatOneDoesNotHave) {
  MergedRows merged({});
  merged.add_columns({int4("a"), int4("b")});
  merged.add_columns({int4("c"), int4("a")});
  EXPECT_EQ(merged.columns().size(), 3U);
  EXPECT_EQ(merged.fitted("{\"a\":1,\"b\":2},{\"a\":3,\"b\":4}", {int4("a"), int4("b")}),
            "{\"a\":1,\"b\":2,\"c\":null},{\"a\":3,\"b\":4,\"c\":null}");
  EXPECT_EQ(merged.fitted("{\"c\":5,\"a\":6}", {int4("c"), int4("a")}),
            "{\"a\":6,\"b\":null,\"c\":5}");
}

TEST(MergedRows, PutsArraysInTheSameOrder) {
  MergedRows merged({.rows = ResultFormat::Rows::kArrays});
  merged.add_columns({int4("a"), int4("a"), int4("b")});
  merged.add_columns({int4("b"), int4("a")});
  EXPECT_EQ(merged.columns().size(), 3U);
  EXPECT_EQ(merged.fitted("[1,2]", {int4("b"), int4("a")}), "[2,null,1]");
}

TEST(MergedRows, MakesStringsWhereTheColumnIsText) {
  MergedRows merged({});
  merged.add_columns({text("a"), text("b")});
  merged.add_columns({int4("a"), json_column("b")});
  EXPECT_EQ(merged.fitted("{\"a\":-1.5e3,\"b\":{\"x\": [1, \"}\"]}},{\"a\":null,\"b\":\"s\"}",
                          {int4("a"), json_column("b")}),
            "{\"a\":\"-1.5e3\",\"b\":\"{\\\"x\\\": [1, \\\"}\\\"]}\"},{\"a\":null,\"b\":\"s\"}");
}

TEST(MergedRows, MakesStringsOfNumbersWhereExactOnesAreStrings) {
  MergedRows merged({.numbers_as_strings = true});
  merged.add_columns({int8("a")});
  merged.add_columns({int4("a")});
  EXPECT_EQ(merged.fitted("{\"a\":7}", {int4("a")}), "{\"a\":\"7\"}");
  EXPECT_EQ(merged.fitted("{\"a\":\"8\"}", {int8("a")}), "{\"a\":\"8\"}");
}

TEST(JsonScan, SplitsRows) {
  const auto rows = split_rows("{\"a\":\"},{\\\"\"},{\"a\":[[1],{\"b\":2}]},{}");
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0], "{\"a\":\"},{\\\"\"}");
  EXPECT_EQ(rows[1], "{\"a\":[[1],{\"b\":2}]}");
  EXPECT_EQ(rows[2], "{}");
  EXPECT_TRUE(split_rows("").empty());
}

TEST(JsonScan, SplitsMembers) {
  std::vector<std::string_view> values;
  split_members("[1,\"a,]\",null,[2,3],{\"x\":[4]},true]", values);
  EXPECT_EQ(values, (std::vector<std::string_view>{"1", "\"a,]\"", "null", "[2,3]", "{\"x\":[4]}",
                                                   "true"}));
  split_members("{\"a\\\":\":1,\"b\":\"c\"}", values);
  EXPECT_EQ(values, (std::vector<std::string_view>{"1", "\"c\""}));
  split_members("[]", values);
  EXPECT_TRUE(values.empty());
}

}  // namespace
}  // namespace sluice::json
