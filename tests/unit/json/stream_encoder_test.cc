#include "json/stream_encoder.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sluice::json {
namespace {

using Row = std::vector<std::optional<std::string>>;

std::vector<Column> columns(const std::vector<std::pair<std::string, ValueKind>>& given) {
  std::vector<Column> columns;
  for (const auto& [name, kind] : given) {
    Column column;
    column.name = name;
    column.type = kind == ValueKind::kNumber ? "int4" : "text";
    column.oid = kind == ValueKind::kNumber ? 23 : 25;
    column.kind = kind;
    columns.push_back(column);
  }
  return columns;
}

std::string encoded(StreamEncoder& encoder, const std::vector<Column>& columns,
                    const std::vector<Row>& rows) {
  TextBuffer out;
  encoder.put_columns(out, columns);
  for (const Row& row : rows) {
    std::vector<Cell> cells;
    for (const auto& value : row)
      cells.push_back(value ? Cell{value->data(), value->size()} : Cell{});
    encoder.put_row(out, cells);
  }
  return std::string(out.view());
}

TEST(Ndjson, WritesOneObjectALine) {
  const auto encoder = ndjson_encoder({}, {"r1"});
  EXPECT_EQ(encoded(*encoder, columns({{"id", ValueKind::kNumber}, {"name", ValueKind::kText}}),
                    {{"1", "a\nb"}, {"2", std::nullopt}}),
            "{\"id\":1,\"name\":\"a\\nb\"}\n{\"id\":2,\"name\":null}\n");
}

TEST(Ndjson, WritesArraysWhenAsked) {
  const auto encoder = ndjson_encoder({.rows = ResultFormat::Rows::kArrays}, {"r1"});
  EXPECT_EQ(encoded(*encoder, columns({{"id", ValueKind::kNumber}, {"id", ValueKind::kNumber}}),
                    {{"1", "2"}}),
            "[1,2]\n");
}

TEST(Ndjson, JoinsTheLinesOfAJsonValue) {
  const auto encoder = ndjson_encoder({}, {"r1"});
  EXPECT_EQ(encoded(*encoder, columns({{"a", ValueKind::kJson}}), {{"{\n  \"x\": 1\r\n}"}}),
            "{\"a\":{   \"x\": 1  }}\n");
}

TEST(Ndjson, EndsWithARecordOfItsOwn) {
  const auto encoder = ndjson_encoder({}, {"r1"});
  (void)encoded(*encoder, columns({{"id", ValueKind::kNumber}}), {});
  Completion completion;
  completion.command = "SELECT";
  completion.rows = 2;
  TextBuffer out;
  encoder->put_end(out, completion, std::chrono::microseconds(1500));
  EXPECT_EQ(out.view(),
            "{\"end\":{\"columns\":[{\"name\":\"id\",\"type\":\"int4\",\"oid\":23}],\"count\":2,"
            "\"command\":\"SELECT\",\"affected\":null,\"truncated\":false,\"elapsed_ms\":1.5}}\n");
}

std::string last_line_of_a_late_one(RequestName name) {
  Error error;
  error.code = ErrorCode::kQueryTimeout;
  error.message = "too late";
  error.db_id = "orders";
  TextBuffer out;
  ndjson_encoder({}, std::move(name))->put_error(out, error);
  return std::string(out.view());
}

TEST(Ndjson, EndsWithTheProblemWhenItFailed) {
  const std::string line = last_line_of_a_late_one({"r1"});
  EXPECT_TRUE(line.starts_with(
      "{\"error\":{\"type\":\"https://sluice.dev/problems/query-timeout\","
      "\"title\":\"Query exceeded its time\",\"status\":504,\"detail\":\"too late\","
      "\"code\":\"query_timeout\",\"db_id\":\"orders\",\"request_id\":\"r1\",\"outcome\":"))
      << line;
  EXPECT_TRUE(line.ends_with("}}\n")) << line;
  EXPECT_EQ(line.find('\n'), line.size() - 1);
}

TEST(Ndjson, NamesTheTraceOfTheErrorWhereThereIsOne) {
  EXPECT_NE(
      last_line_of_a_late_one({"r1", "abc"}).find("\"request_id\":\"r1\",\"trace_id\":\"abc\""),
      std::string::npos);
}

std::string csv(const std::vector<std::string>& names, const std::vector<Row>& rows) {
  std::vector<std::pair<std::string, ValueKind>> given;
  for (const auto& name : names) given.emplace_back(name, ValueKind::kText);
  return encoded(*csv_encoder(), columns(given), rows);
}

TEST(Csv, HasAHeaderAndEndsEveryLineWithCrLf) {
  EXPECT_EQ(csv({"id", "name"}, {{"1", "chair"}, {"2", "desk"}}),
            "id,name\r\n1,chair\r\n2,desk\r\n");
  EXPECT_EQ(csv({"id"}, {}), "id\r\n");
}

TEST(Csv, TellsNullFromAnEmptyText) {
  EXPECT_EQ(csv({"a", "b"}, {{std::nullopt, ""}}), "a,b\r\n,\"\"\r\n");
}

TEST(Csv, QuotesWhatWouldBeMisread) {
  EXPECT_EQ(csv({"a"}, {{"x,y"}}), "a\r\n\"x,y\"\r\n");
  EXPECT_EQ(csv({"a"}, {{"say \"hi\""}}), "a\r\n\"say \"\"hi\"\"\"\r\n");
  EXPECT_EQ(csv({"a"}, {{"x\ny"}}), "a\r\n\"x\ny\"\r\n");
  EXPECT_EQ(csv({"a"}, {{"x\ry"}}), "a\r\n\"x\ry\"\r\n");
  EXPECT_EQ(csv({"a"}, {{"\""}}), "a\r\n\"\"\"\"\r\n");
  EXPECT_EQ(csv({"a"}, {{" x "}}), "a\r\n x \r\n");
}

TEST(Csv, QuotesCopysEndMarkWhereItStandsAlone) {
  EXPECT_EQ(csv({"a"}, {{"\\."}}), "a\r\n\"\\.\"\r\n");
  EXPECT_EQ(csv({"a", "b"}, {{"\\.", "1"}}), "a,b\r\n\\.,1\r\n");
}

TEST(Csv, QuotesNamesToo) { EXPECT_EQ(csv({"a,b", ""}, {}), "\"a,b\",\"\"\r\n"); }

TEST(Csv, EndsWithItsLastRow) {
  const auto encoder = csv_encoder();
  TextBuffer out;
  encoder->put_end(out, {}, {});
  encoder->put_error(out, {});
  EXPECT_EQ(out.size(), 0U);
}

}  // namespace
}  // namespace sluice::json
