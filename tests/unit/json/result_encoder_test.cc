#include "json/result_encoder.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "json/document.h"

namespace sluice::json {
namespace {

constexpr std::int64_t kPlenty = 1 << 20;

Column column(std::string name, ValueKind kind = ValueKind::kText, bool array = false) {
  Column result;
  result.name = std::move(name);
  result.type = "t";
  result.oid = 7;
  result.kind = kind;
  result.array = array;
  return result;
}

RowVerdict put(ResultEncoder& encoder, const std::vector<std::optional<std::string>>& row) {
  std::vector<Cell> cells;
  for (const auto& text : row) cells.push_back(text ? Cell{text->data(), text->size()} : Cell{});
  return encoder.on_row(cells);
}

/// One value of one column, as it appears in the answer.
std::string encoded(const Column& of, const std::string& text, ResultFormat format = {}) {
  format.rows = ResultFormat::Rows::kScalar;
  ResultEncoder encoder(format, kPlenty);
  encoder.on_columns({of});
  put(encoder, {text});
  const std::string json = encoder.take_rows();
  EXPECT_TRUE(Document::parse(json)) << json;
  return json;
}

std::string encoded(ValueKind kind, const std::string& text, ResultFormat format = {}) {
  return encoded(column("c", kind), text, format);
}
std::string encoded_array(ValueKind kind, const std::string& text, ResultFormat format = {}) {
  return encoded(column("c", kind, true), text, format);
}

TEST(ResultEncoder, WritesTheWholeAnswer) {
  ResultEncoder encoder({}, kPlenty);
  encoder.on_columns({column("id", ValueKind::kNumber), column("na\"me")});
  EXPECT_EQ(put(encoder, {"42", "a\nb"}), RowVerdict::kContinue);
  EXPECT_EQ(put(encoder, {"43", std::nullopt}), RowVerdict::kContinue);
  Completion completion;
  completion.command = "SELECT";
  EXPECT_EQ(encoder.finish("orders", completion, std::chrono::microseconds(610)),
            R"({"db_id":"orders","columns":[{"name":"id","type":"t","oid":7},)"
            R"({"name":"na\"me","type":"t","oid":7}],)"
            R"("rows":[{"id":42,"na\"me":"a\nb"},{"id":43,"na\"me":null}],"count":2,)"
            R"("command":"SELECT","affected":null,"truncated":false,"elapsed_ms":0.61})");
}

TEST(ResultEncoder, WritesStatementsWithoutAResult) {
  ResultEncoder encoder({}, kPlenty);
  Completion completion;
  completion.command = "UPDATE";
  completion.affected = 3;
  EXPECT_EQ(encoder.finish("db", completion, std::chrono::milliseconds(2)),
            R"({"db_id":"db","columns":[],"rows":[],"count":0,"command":"UPDATE","affected":3,)"
            R"("truncated":false,"elapsed_ms":2})");
}

TEST(ResultEncoder, NamesTheHostOnlyWhereThereAreSeveral) {
  ResultEncoder encoder({}, kPlenty);
  Completion completion;
  completion.command = "UPDATE";
  completion.host = "db2:5432";
  EXPECT_NE(encoder.finish("db", completion, {}).find(R"("truncated":false,"host":"db2:5432",)"),
            std::string::npos);
}

TEST(ResultEncoder, SaysWhetherATruncatedWriteTookEffect) {
  ResultEncoder encoder({}, kPlenty);
  Completion completion;
  completion.truncated = true;
  completion.committed = true;
  const std::string answer = encoder.finish("db", completion, std::chrono::microseconds(1001));
  EXPECT_NE(answer.find(R"("truncated":true,"committed":true,"elapsed_ms":1.001})"),
            std::string::npos)
      << answer;
}

TEST(ResultEncoder, WritesArraysAndScalars) {
  ResultEncoder arrays({ResultFormat::Rows::kArrays}, kPlenty);
  arrays.on_columns({column("a"), column("a", ValueKind::kNumber)});
  put(arrays, {"x", "1"});
  put(arrays, {std::nullopt, "2"});
  EXPECT_EQ(arrays.take_rows(), R"([["x",1],[null,2]])");

  ResultEncoder scalar({ResultFormat::Rows::kScalar}, kPlenty);
  scalar.on_columns({column("a", ValueKind::kNumber), column("b")});
  put(scalar, {"1", "x"});
  put(scalar, {"2", "y"});
  EXPECT_EQ(scalar.rows(), 1);
  EXPECT_EQ(scalar.finish("db", {}, {}),
            R"({"db_id":"db","columns":[{"name":"a","type":"t","oid":7}],"value":1,"count":1,)"
            R"("command":"","affected":null,"truncated":false,"elapsed_ms":0})");
}

TEST(ResultEncoder, AScalarOfNoRowsIsNull) {
  ResultEncoder encoder({ResultFormat::Rows::kScalar}, kPlenty);
  encoder.on_columns({column("a")});
  EXPECT_NE(encoder.finish("db", {}, {}).find(R"("value":null,"count":0)"), std::string::npos);
  ResultEncoder leg({ResultFormat::Rows::kScalar}, kPlenty);
  EXPECT_EQ(leg.take_rows(), "null");
}

TEST(ResultEncoder, WritesRowsWithoutColumns) {
  ResultEncoder encoder({}, kPlenty);
  encoder.on_columns({});
  put(encoder, {});
  put(encoder, {});
  EXPECT_EQ(encoder.take_rows(), "[{},{}]");
}

TEST(ResultEncoder, AddsTheDatabaseOfMergedRows) {
  ResultEncoder objects({}, kPlenty, "eu\"1");
  objects.on_columns({column("id", ValueKind::kNumber), column("db_id"), column("db_id_")});
  put(objects, {"1", "own", "other"});
  EXPECT_EQ(objects.take_bare_rows(),
            R"({"db_id":"eu\"1","id":1,"db_id__":"own","db_id_":"other"})");
  EXPECT_EQ(columns_to_json(objects.columns()).substr(0, 44),
            R"([{"name":"db_id","type":"text","oid":25},{"n)");

  ResultEncoder arrays({ResultFormat::Rows::kArrays}, kPlenty, "eu");
  arrays.on_columns({column("id", ValueKind::kNumber)});
  put(arrays, {"1"});
  put(arrays, {"2"});
  EXPECT_EQ(arrays.take_bare_rows(), R"(["eu",1],["eu",2])");

  ResultEncoder no_columns({}, kPlenty, "eu");
  no_columns.on_columns({});
  put(no_columns, {});
  EXPECT_EQ(no_columns.take_bare_rows(), R"({"db_id":"eu"})");
}

TEST(ResultEncoder, TakesTheRowBackThatIsTooMuch) {
  const std::string row = R"({"a":"12345"})";
  ResultEncoder encoder({}, static_cast<std::int64_t>(2 * row.size() + 1));
  encoder.on_columns({column("a")});
  EXPECT_EQ(put(encoder, {"12345"}), RowVerdict::kContinue);
  EXPECT_EQ(put(encoder, {"12345"}), RowVerdict::kContinue);
  EXPECT_EQ(put(encoder, {"1"}), RowVerdict::kTooLarge);
  EXPECT_EQ(encoder.rows(), 2);
  EXPECT_EQ(encoder.take_rows(), "[" + row + "," + row + "]");

  ResultEncoder smaller({}, static_cast<std::int64_t>(2 * row.size()));
  smaller.on_columns({column("a")});
  EXPECT_EQ(put(smaller, {"12345"}), RowVerdict::kContinue);
  EXPECT_EQ(put(smaller, {"12345"}), RowVerdict::kTooLarge);
}

TEST(ResultEncoder, RefusesAGiantBeforeCopyingIt) {
  ResultEncoder encoder({}, 1000);
  encoder.on_columns({column("a")});
  EXPECT_EQ(put(encoder, {std::string(1 << 20, '\x01')}), RowVerdict::kTooLarge);
  EXPECT_EQ(put(encoder, {"small"}), RowVerdict::kContinue);
}

TEST(ResultEncoder, WritesBooleansAndNumbersRaw) {
  EXPECT_EQ(encoded(ValueKind::kBool, "t"), "true");
  EXPECT_EQ(encoded(ValueKind::kBool, "f"), "false");
  EXPECT_EQ(encoded(ValueKind::kNumber, "-1.5e-07"), "-1.5e-07");
  EXPECT_EQ(encoded(ValueKind::kExactNumber, "12345678901234567890.1234567890"),
            "12345678901234567890.1234567890");
}

TEST(ResultEncoder, WritesWhatIsNoJsonNumberAsAString) {
  for (const char* text : {"NaN", "Infinity", "-Infinity", "", "-", "+1", "01", "1.", ".5", "1e",
                           "1,\"admin\":true", "1 ", "0x1", "--1", "1e+"}) {
    for (const ValueKind kind : {ValueKind::kNumber, ValueKind::kExactNumber}) {
      EXPECT_EQ(encoded(kind, text)[0], '"') << text;
    }
  }
  EXPECT_EQ(encoded(ValueKind::kBool, "maybe"), R"("maybe")");
}

TEST(ResultEncoder, WritesOnlyExactNumbersAsStringsWhenAsked) {
  ResultFormat format;
  format.numbers_as_strings = true;
  EXPECT_EQ(encoded(ValueKind::kExactNumber, "12", format), R"("12")");
  EXPECT_EQ(encoded(ValueKind::kNumber, "12", format), "12");
  EXPECT_EQ(encoded_array(ValueKind::kExactNumber, "{1,NULL}", format), R"(["1",null])");
}

TEST(ResultEncoder, EmbedsJson) {
  EXPECT_EQ(encoded(ValueKind::kJson, "{\"a\":\n [1, null]}"), "{\"a\":\n [1, null]}");
  EXPECT_EQ(encoded_array(ValueKind::kJson, R"({"{\"a\": \"x\\\"y\"}",NULL,1,"\"s\""})"),
            R"([{"a": "x\"y"},null,1,"s"])");
}

TEST(ResultEncoder, WritesTimestampsInRfc3339) {
  const std::pair<const char*, const char*> cases[] = {
      {"2026-01-28 12:34:56.123456+00", R"("2026-01-28T12:34:56.123456+00:00")"},
      {"2026-01-28 12:34:56-08", R"("2026-01-28T12:34:56-08:00")"},
      {"2026-01-28 12:34:56+05:30", R"("2026-01-28T12:34:56+05:30")"},
      {"1890-01-01 00:00:00+00:53:28", R"("1890-01-01T00:00:00+00:53:28")"},
      {"2026-01-28 12:34:56", R"("2026-01-28T12:34:56")"},
      {"0044-03-15 12:00:00+00 BC", R"("0044-03-15T12:00:00+00:00 BC")"},
      {"0044-03-15 12:00:00 BC", R"("0044-03-15T12:00:00 BC")"},
      {"294276-12-31 23:59:59.999999+00", R"("294276-12-31T23:59:59.999999+00:00")"},
      {"infinity", R"("infinity")"},
      {"-infinity", R"("-infinity")"},
      {"28.01.2026 12:34:56 CET", R"("28.01.2026 12:34:56 CET")"},
      {"Wed Jan 28 12:34:56 2026", R"("Wed Jan 28 12:34:56 2026")"},
      {"01/28/2026 12:34:56 UTC", R"("01/28/2026 12:34:56 UTC")"},
      {"20\"26-01-28 12:34:56", R"("20\"26-01-28 12:34:56")"},
      {"20\x01\x01\x01-01-28 12:34:56", R"("20\u0001\u0001\u0001-01-28 12:34:56")"},
      {"", R"("")"}};
  for (const auto& [text, expected] : cases) {
    EXPECT_EQ(encoded(ValueKind::kTimestamp, text), expected) << text;
  }
  EXPECT_EQ(encoded_array(ValueKind::kTimestamp, "{\"2026-01-28 12:34:56+00\",infinity}"),
            R"(["2026-01-28T12:34:56+00:00","infinity"])");
}

TEST(ResultEncoder, WritesBytesInHexOrBase64) {
  ResultFormat base64;
  base64.bytes_as_base64 = true;
  EXPECT_EQ(encoded(ValueKind::kBytes, "\\x48690a"), R"("\\x48690a")");
  const std::pair<const char*, const char*> cases[] = {{"\\x", R"("")"},
                                                       {"\\x48", R"("SA==")"},
                                                       {"\\x4869", R"("SGk=")"},
                                                       {"\\x48690a", R"("SGkK")"},
                                                       {"\\xfffefd00", R"("//79AA==")"},
                                                       {"Hi\\012", R"("SGkK")"},
                                                       {"\\\\", R"("XA==")"},
                                                       {"\\x4", R"("\\x4")"},
                                                       {"\\xzz", R"("\\xzz")"},
                                                       {"\\9", R"("\\9")"},
                                                       {"\\400", R"("\\400")"}};
  for (const auto& [text, expected] : cases) {
    EXPECT_EQ(encoded(ValueKind::kBytes, text, base64), expected) << text;
  }
  EXPECT_EQ(encoded_array(ValueKind::kBytes, R"({"\\x48",NULL})", base64), R"(["SA==",null])");
}

TEST(ResultEncoder, NestsArraysOfAnything) {
  EXPECT_EQ(encoded_array(ValueKind::kNumber, "{{1,NULL},{NaN,4}}"), R"([[1,null],["NaN",4]])");
  EXPECT_EQ(encoded_array(ValueKind::kBool, "{t,f,NULL}"), "[true,false,null]");
  EXPECT_EQ(encoded_array(ValueKind::kText, R"({a,"b\"c","NULL",NULL,""})"),
            R"(["a","b\"c","NULL",null,""])");
  EXPECT_EQ(encoded_array(ValueKind::kNumber, "[0:1]={1,2}"), "[1,2]");
  Column boxes = column("c", ValueKind::kText, true);
  boxes.delimiter = ';';
  EXPECT_EQ(encoded(boxes, "{(1,1),(0,0);(2,2),(1,1)}"), R"~(["(1,1),(0,0)","(2,2),(1,1)"])~");
}

TEST(ResultEncoder, NestsArraysWhoseElementsAreArrays) {
  Column paths = column("c", ValueKind::kNumber, true);
  paths.nested_arrays = 1;
  EXPECT_EQ(encoded(paths, R"({"{1,2}",NULL,"{NULL}",{}"})"),
            R"("{\"{1,2}\",NULL,\"{NULL}\",{}\"}")")
      << "broken: as text";
  EXPECT_EQ(encoded(paths, R"({"{1,2}",NULL,"{NULL}","{}"})"), "[[1,2],null,[null],[]]");
  EXPECT_EQ(encoded(paths, R"({{"{1}"},{"[0:0]={2}"}})"), "[[[1]],[[2]]]");
  EXPECT_EQ(encoded(paths, R"({x,"{1}"})"), R"(["x",[1]])") << "whatever comes";
  paths.nested_arrays = 2;
  EXPECT_EQ(encoded(paths, R"({"{\"{1,2}\",NULL}"})"), "[[[1,2],null]]");
}

TEST(ResultEncoder, EmbedsJsonAsUtf8WhateverTheDatabaseHolds) {
  EXPECT_EQ(encoded(ValueKind::kJson, "{\"a\": \"x\xff\xc3\"}"), "{\"a\": \"x\uFFFD\uFFFD\"}");
  EXPECT_EQ(encoded_array(ValueKind::kJson, "{\"\\\"\xe9\\\"\"}"), "[\"\uFFFD\"]");
}

TEST(ResultEncoder, WritesBrokenArraysAsText) {
  EXPECT_EQ(encoded_array(ValueKind::kNumber, "1 2 3"), R"("1 2 3")");
  EXPECT_EQ(encoded_array(ValueKind::kNumber, "{1,2"), R"("{1,2")");
}

TEST(ResultEncoder, AsksBeforeItGrowsMuchAndTakesARefusal) {
  ResultEncoder encoder({}, kPlenty);
  std::vector<std::size_t> asked;
  encoder.ask_before_growing([&asked](std::size_t bytes) {
    asked.push_back(bytes);
    return asked.size() < 3;
  });
  encoder.on_columns({column("c")});
  const std::string kilobyte(1'000, 'x');
  int rows = 0;
  for (; put(encoder, {kilobyte}) == RowVerdict::kContinue; ++rows) {
    if (encoder.bytes() <= 64 * 1024) {
      EXPECT_TRUE(asked.empty());
    }
  }
  EXPECT_EQ(asked, (std::vector<std::size_t>{64 * 1024, 128 * 1024, 256 * 1024}));
  EXPECT_TRUE(encoder.starved());
  EXPECT_LE(encoder.bytes(), 256u * 1024);
  EXPECT_EQ(encoder.rows(), rows);
  ResultEncoder small({}, 100);
  small.ask_before_growing([](std::size_t) { return false; });
  small.on_columns({column("c")});
  EXPECT_EQ(put(small, {std::string(200, 'x')}), RowVerdict::kTooLarge);
  EXPECT_FALSE(small.starved());
}

}  // namespace
}  // namespace sluice::json
