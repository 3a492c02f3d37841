#include "json/neon_encoder.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "json/document.h"

namespace sluice::json {
namespace {

constexpr std::int64_t kPlenty = 1 << 20;
constexpr NeonFormat kRaw{true, true};
constexpr NeonFormat kParsed{false, true};

struct Type {
  std::uint32_t oid;
  ValueKind kind;
  bool array = false;
  char delimiter = ',';
};

Column column(std::string name, Type type = {25, ValueKind::kText}) {
  Column result;
  result.name = std::move(name);
  result.oid = type.oid;
  result.kind = type.kind;
  result.array = type.array;
  result.delimiter = type.delimiter;
  return result;
}

RowVerdict put(NeonEncoder& encoder, const std::vector<std::optional<std::string>>& row) {
  std::vector<Cell> cells;
  for (const auto& text : row) cells.push_back(text ? Cell{text->data(), text->size()} : Cell{});
  return encoder.on_row(cells);
}

Completion selected(std::int64_t rows) {
  Completion completion;
  completion.command = "SELECT";
  completion.rows = rows;
  return completion;
}

/// One value, as it appears in the answer.
std::string encoded(NeonFormat format, Type type, const std::string& text) {
  NeonEncoder encoder(format, kPlenty);
  encoder.on_columns({column("c", type)});
  put(encoder, {text});
  const std::string json = encoder.finish_part(selected(1));
  EXPECT_TRUE(Document::parse(json)) << json;
  const auto begin = json.find("\"rows\":[[") + 9;
  return json.substr(begin, json.rfind("]],\"command\"") - begin);
}

TEST(NeonEncoder, DescribesColumnsAsTheProtocolDoes) {
  NeonEncoder encoder(kRaw, kPlenty);
  Column id = column("i\"d", {23, ValueKind::kNumber});
  id.table_oid = 16384;
  id.table_column = 2;
  id.type_size = 4;
  id.type_modifier = -1;
  encoder.on_columns({id});
  put(encoder, {"1"});
  put(encoder, {std::nullopt});
  EXPECT_EQ(encoder.finish("db", selected(2), std::chrono::microseconds(7)),
            R"({"fields":[{"name":"i\"d","dataTypeID":23,"tableID":16384,"columnID":2,)"
            R"("dataTypeSize":4,"dataTypeModifier":-1,"format":"text"}],)"
            R"("rows":[["1"],[null]],"command":"SELECT","rowCount":2,"rowAsArray":true})");
}

TEST(NeonEncoder, GivesPostgresTextWhenRaw) {
  const std::pair<Type, const char*> kTable[] = {
      {{16, ValueKind::kBool}, "t"},
      {{23, ValueKind::kNumber}, "-1"},
      {{20, ValueKind::kExactNumber}, "9007199254740993"},
      {{1700, ValueKind::kExactNumber}, "1.50"},
      {{701, ValueKind::kNumber}, "NaN"},
      {{1184, ValueKind::kTimestamp}, "2026-01-28 12:34:56.123456+00"},
      {{17, ValueKind::kBytes}, "\\x4142"},
      {{3802, ValueKind::kJson}, "[1, 2]"},
      {{1007, ValueKind::kNumber, true}, "{1,2}"},
  };
  for (const auto& [type, text] : kTable) {
    std::string escaped;
    for (const char* c = text; *c; ++c) escaped += *c == '\\' ? "\\\\" : std::string(1, *c);
    EXPECT_EQ(encoded(kRaw, type, text), "\"" + escaped + "\"") << type.oid;
  }
  EXPECT_EQ(encoded(kRaw, {25, ValueKind::kText}, "a\n\"b\"\x01"), R"("a\n\"b\"\u0001")");
}

TEST(NeonEncoder, GivesWhatJavaScriptCanHoldWhenParsed) {
  const std::tuple<Type, const char*, const char*> kTable[] = {
      {{16, ValueKind::kBool}, "t", "true"},
      {{21, ValueKind::kNumber}, "7", "7"},
      {{701, ValueKind::kNumber}, "1e+20", "1e+20"},
      {{701, ValueKind::kNumber}, "-Infinity", "\"-Infinity\""},
      {{26, ValueKind::kNumber}, "7", "\"7\""},
      {{1028, ValueKind::kNumber, true}, "{7}", "[\"7\"]"},
      {{20, ValueKind::kExactNumber}, "1", "\"1\""},
      {{1700, ValueKind::kExactNumber}, "1.50", "\"1.50\""},
      {{114, ValueKind::kJson}, "{\"a\":1}", "{\"a\":1}"},
      {{1184, ValueKind::kTimestamp}, "2026-01-28 12:34:56+00", "\"2026-01-28 12:34:56+00\""},
      {{17, ValueKind::kBytes}, "\\x41", "\"\\\\x41\""},
      {{1007, ValueKind::kNumber, true}, "{{1,NULL},{3,4}}", "[[1,null],[3,4]]"},
      {{1007, ValueKind::kNumber, true}, "[0:1]={1,2}", "[1,2]"},
      {{16'385, ValueKind::kNumber, true}, "{1,2}", "[\"1\",\"2\"]"},
      {{199, ValueKind::kJson, true}, R"({"{\"a\":1}"})", R"([{"a":1}])"},
      {{1020, ValueKind::kText, true, ';'},
       "{(1,1),(0,0);(2,2),(1,1)}",
       R"j(["(1,1),(0,0)","(2,2),(1,1)"])j"},
  };
  for (const auto& [type, text, json] : kTable) EXPECT_EQ(encoded(kParsed, type, text), json);
}

TEST(NeonEncoder, WritesIntervalsAsDriversKnowThem) {
  EXPECT_EQ(encoded(kRaw, {1186, ValueKind::kText}, "P1DT2H"), "\"1 day 02:00:00\"");
  EXPECT_EQ(encoded(kParsed, {1186, ValueKind::kText}, "P1DT2H"), "\"1 day 02:00:00\"");
  EXPECT_EQ(encoded(kRaw, {1187, ValueKind::kText, true}, "{P1DT2H}"), R"("{\"1 day 02:00:00\"}")");
  EXPECT_EQ(encoded(kParsed, {1187, ValueKind::kText, true}, "{P1D,NULL}"), R"(["1 day",null])");
  EXPECT_EQ(encoded(kRaw, {25, ValueKind::kText}, "P1D"), "\"P1D\"");
}

TEST(NeonEncoder, WritesObjectsWhoseLastValueOfANameCounts) {
  NeonEncoder encoder({true, false}, kPlenty);
  encoder.on_columns({column("a"), column("b"), column("a")});
  put(encoder, {"1", "2", "3"});
  const std::string json = encoder.finish_part(selected(1));
  EXPECT_NE(json.find(R"("rows":[{"b":"2","a":"3"}])"), std::string::npos) << json;
  EXPECT_NE(json.find(R"("rowAsArray":false})"), std::string::npos) << json;
}

TEST(NeonEncoder, WritesRowsWithoutColumns) {
  NeonEncoder arrays(kRaw, kPlenty), objects({true, false}, kPlenty);
  for (NeonEncoder* encoder : {&arrays, &objects}) {
    encoder->on_columns({});
    put(*encoder, {});
    put(*encoder, {});
  }
  EXPECT_NE(arrays.finish_part(selected(2)).find(R"("rows":[[],[]])"), std::string::npos);
  EXPECT_NE(objects.finish_part(selected(2)).find(R"("rows":[{},{}])"), std::string::npos);
}

TEST(NeonEncoder, CountsAsTheCommandTagDoes) {
  struct Case {
    const char* command;
    std::optional<std::int64_t> affected;
    std::int64_t rows;
    const char* end;
  };
  const Case kTable[] = {
      {"INSERT", 3, 0, R"("command":"INSERT","rowCount":3,"rowAsArray":true})"},
      {"UPDATE", 2, 2, R"("command":"UPDATE","rowCount":2,"rowAsArray":true})"},
      {"SELECT", 5, 0, R"("command":"SELECT","rowCount":5,"rowAsArray":true})"},
      {"SELECT", std::nullopt, 0, R"("command":"SELECT","rowCount":0,"rowAsArray":true})"},
      {"SHOW", std::nullopt, 1, R"("command":"SHOW","rowCount":null,"rowAsArray":true})"},
      {"CREATE TABLE", std::nullopt, 0, R"("command":"CREATE","rowCount":null,"rowAsArray":true})"},
      {"", std::nullopt, 0, R"("command":"","rowCount":null,"rowAsArray":true})"},
  };
  for (const Case& each : kTable) {
    NeonEncoder encoder(kRaw, kPlenty);
    Completion completion;
    completion.command = each.command;
    completion.affected = each.affected;
    completion.rows = each.rows;
    EXPECT_TRUE(encoder.finish_part(completion).ends_with(each.end)) << each.command;
  }
}

TEST(NeonEncoder, TakesTheRowBackThatIsTooMuch) {
  NeonEncoder encoder(kRaw, 20);
  encoder.on_columns({column("c")});
  EXPECT_EQ(put(encoder, {"0123456"}), RowVerdict::kContinue);
  EXPECT_EQ(put(encoder, {"0123456"}), RowVerdict::kTooLarge);
  EXPECT_EQ(put(encoder, {std::string(1000, 'x')}), RowVerdict::kTooLarge);
  EXPECT_NE(encoder.finish_part(selected(1)).find(R"("rows":[["0123456"]])"), std::string::npos);
}

}  // namespace
}  // namespace sluice::json
