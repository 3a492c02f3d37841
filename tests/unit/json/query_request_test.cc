#include <gtest/gtest.h>

#include <string>

#include "json/document.h"
#include "json/requests.h"

namespace sluice::json {
namespace {

using std::chrono::milliseconds;

std::string mistakes_of(std::string_view body) {
  const auto request = decode_query(body);
  if (request) return "no mistake";
  EXPECT_EQ(request.error().code, ErrorCode::kInvalidRequest);
  std::string list;
  for (const FieldError& mistake : request.error().fields) {
    list += mistake.field + ": " + mistake.message + "\n";
  }
  return list;
}

TEST(DecodeQuery, ReadsEveryField) {
  const auto request = decode_query(
      R"({"sql":"SELECT $1","params":[1],"timeout_ms":2000,"max_rows":0,"read_only":true,)"
      R"("format":"arrays","numbers":"string","bytes":"base64"})");
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(request->query.sql, "SELECT $1");
  EXPECT_EQ(request->query.timeout, milliseconds(2000));
  EXPECT_EQ(request->query.max_rows, 0);
  EXPECT_TRUE(request->query.read_only);
  EXPECT_FALSE(request->query.unique_column_names);
  EXPECT_EQ(std::get<ResultFormat>(request->format).rows, ResultFormat::Rows::kArrays);
  EXPECT_TRUE(std::get<ResultFormat>(request->format).numbers_as_strings);
  EXPECT_TRUE(std::get<ResultFormat>(request->format).bytes_as_base64);
}

TEST(DecodeQuery, ReadsTheRoute) {
  EXPECT_EQ(decode_query(R"({"sql":"SELECT 1"})")->query.route, std::nullopt);
  EXPECT_EQ(decode_query(R"({"sql":"SELECT 1","route":"prefer_replica"})")->query.route,
            Route::kPreferReplica);
  const auto wrong = decode_query(R"({"sql":"SELECT 1","route":"nearest"})");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().fields.at(0).field, "route");
}

TEST(DecodeQuery, OnlyReadsMayBeAnsweredWithOldResults) {
  const auto request =
      decode_query(R"({"sql":"SELECT 1","read_only":true,"cache_ttl_ms":50,"etag":true})");
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(request->cache_ttl, milliseconds(50));
  EXPECT_TRUE(request->etag);
  const auto plain = decode_query(R"({"sql":"SELECT 1","cache_ttl_ms":null,"etag":false})");
  ASSERT_TRUE(plain) << plain.error().message;
  EXPECT_EQ(plain->cache_ttl, std::nullopt);
  EXPECT_FALSE(plain->etag);
  for (const char* field :
       {R"("cache_ttl_ms":50)", R"("etag":true)", R"("read_only":true,"cache_ttl_ms":0)"}) {
    const auto refused = decode_query(std::string(R"({"sql":"SELECT 1",)") + field + "}");
    ASSERT_FALSE(refused) << field;
    EXPECT_EQ(refused.error().fields.size(), 1U) << field;
  }
}

TEST(DecodeQuery, NeedsOnlySql) {
  const auto request = decode_query(R"({"sql":"SELECT 1","timeout_ms":null,"params":null})");
  ASSERT_TRUE(request);
  EXPECT_FALSE(request->query.timeout);
  EXPECT_FALSE(request->query.max_rows);
  EXPECT_FALSE(request->query.read_only);
  EXPECT_TRUE(request->query.unique_column_names);
  EXPECT_TRUE(request->query.params.empty());
  EXPECT_EQ(std::get<ResultFormat>(request->format).rows, ResultFormat::Rows::kObjects);
}

TEST(DecodeQuery, ReadsParametersOfEveryKind) {
  const auto request =
      decode_query(R"({"sql":"x","params":[null,true,-1.50,"a\u00e9",[1,[null,"b"]],{"k": [1]},)"
                   R"({"type":"int8","value":"1"},{"type":"jsonb","value":{"type":"t","value":2}},)"
                   R"({"type":"t"},{"type":"t","value":1,"more":2},[{"type":"int8","value":1}]]})");
  ASSERT_TRUE(request) << request.error().message;
  const std::vector<Param>& params = request->query.params;
  ASSERT_EQ(params.size(), 11U);
  EXPECT_EQ(params[0].kind, Param::Kind::kNull);
  EXPECT_EQ(params[1].kind, Param::Kind::kBool);
  EXPECT_EQ(params[1].text, "true");
  EXPECT_EQ(params[2].kind, Param::Kind::kNumber);
  EXPECT_EQ(params[2].text, "-1.50");
  EXPECT_EQ(params[3].text, "aé");
  EXPECT_EQ(params[4].kind, Param::Kind::kArray);
  EXPECT_EQ(params[4].text, R"([1,[null,"b"]])");
  ASSERT_EQ(params[4].elements.size(), 2U);
  EXPECT_EQ(params[4].elements[1].elements[0].kind, Param::Kind::kNull);
  EXPECT_EQ(params[4].elements[1].elements[1].text, "b");
  EXPECT_EQ(params[5].kind, Param::Kind::kObject);
  EXPECT_EQ(params[5].text, R"({"k": [1]})");
  EXPECT_EQ(params[6].type, "int8");
  EXPECT_EQ(params[6].kind, Param::Kind::kString);
  EXPECT_EQ(params[6].text, "1");
  EXPECT_EQ(params[7].type, "jsonb");
  EXPECT_EQ(params[7].text, R"({"type":"t","value":2})");
  EXPECT_EQ(params[8].type, "");
  EXPECT_EQ(params[8].text, R"({"type":"t"})");
  EXPECT_EQ(params[9].type, "");
  EXPECT_EQ(params[10].elements[0].kind, Param::Kind::kObject);
  EXPECT_EQ(params[10].elements[0].type, "");
}

TEST(DecodeQuery, RefusesNamesThatAreNoType) {
  for (const char* type :
       {"5", "\"\"", "null", "\"int8; DROP TABLE t\"", "\"a'b\"", "\"a--b\"", "\"a\\nb\"", "[]"}) {
    const std::string body =
        R"({"sql":"x","params":[0,{"type":)" + std::string(type) + R"(,"value":1}]})";
    EXPECT_EQ(mistakes_of(body).rfind("params[1].type: must be the name of a PostgreSQL type", 0),
              0U)
        << type;
  }
  for (const char* type : {"int4[]", "numeric(10,2)", "double precision",
                           "app.\\\"My mood; isn't it?\\\"", "größe", "a$b"}) {
    const std::string body =
        R"({"sql":"x","params":[{"type":")" + std::string(type) + R"(","value":1}]})";
    EXPECT_EQ(mistakes_of(body), "no mistake") << type;
  }
}

/// How long a call may take is a setting, which is looked at later.
TEST(DecodeQuery, NamesNoLimitOfATimeThatIsNotTheLimit) {
  EXPECT_EQ(mistakes_of(R"({"sql":"x","timeout_ms":604800001})"),
            "timeout_ms: is longer than a week; it is in milliseconds\n");
  EXPECT_EQ(mistakes_of(R"({"sql":"x","timeout_ms":604800000})"), "no mistake");
  EXPECT_EQ(mistakes_of(R"({"sql":"x","timeout_ms":1.5})"),
            "timeout_ms: must be a whole number of milliseconds, at least 1\n");
}

TEST(DecodeQuery, ListsSeveralMistakesTogether) {
  EXPECT_EQ(mistakes_of(R"({"sqll":"SELECT 1","params":{"a":1},"timeout_ms":0,"max_rows":-1,)"
                        R"("read_only":"yes","format":"csv","numbers":5,"nonsense":1})"),
            "sql: is missing: the statement to run, with $1, $2, … for params\n"
            "params: must be a list: […]\n"
            "timeout_ms: must be a whole number of milliseconds, at least 1\n"
            "max_rows: must be a whole number, at least 0\n"
            "read_only: must be true or false\n"
            "format: must be \"objects\", \"arrays\" or \"scalar\"\n"
            "numbers: must be \"number\" or \"string\"\n"
            "sqll: unknown field; did you mean \"sql\"?\n"
            "nonsense: unknown field\n");
}

TEST(DecodeQuery, RefusesNumbersThatAreNotWhole) {
  for (const char* number : {"1.5", "1e3", "-5", "0", "9223372036854775808"}) {
    const std::string body = R"({"sql":"x","timeout_ms":)" + std::string(number) + "}";
    EXPECT_EQ(mistakes_of(body).rfind("timeout_ms: must be a whole number", 0), 0U) << number;
  }
}

TEST(DecodeQuery, SuggestsNamesThatOtherGatewaysUse) {
  EXPECT_NE(
      mistakes_of(R"({"query":"SELECT 1"})").find("query: unknown field; did you mean \"sql\"?"),
      std::string::npos);
  EXPECT_NE(mistakes_of(R"({"sql":"x","timeout":5})").find("did you mean \"timeout_ms\"?"),
            std::string::npos);
}

TEST(DecodeQuery, RefusesEmptyStatements) {
  for (const char* sql : {"", " ", ";", " \\n\\t;; "}) {
    EXPECT_EQ(mistakes_of(R"({"sql":")" + std::string(sql) + "\"}"), "sql: is empty\n") << sql;
  }
}

TEST(DecodeQuery, NamesTheFieldWithNul) {
  EXPECT_EQ(mistakes_of(R"({"sql":"SELECT '\u0000'"})"),
            "sql: contains NUL (\\u0000), which PostgreSQL cannot store in text\n");
  EXPECT_EQ(mistakes_of(R"({"sql":"x","params":[1,{"a":"\u0000"}]})").rfind("params[1]: ", 0), 0U);
}

TEST(DecodeQuery, RefusesRepeatedFields) {
  EXPECT_EQ(mistakes_of(R"({"sql":"x","sql":"y"})"), "sql: is given twice\n");
}

TEST(DecodeQuery, TellsMalformedFromWrong) {
  for (const char* body : {"", "{", "{'sql':1}", "[1,"}) {
    const auto request = decode_query(body);
    ASSERT_FALSE(request);
    EXPECT_TRUE(is_malformed_json(request.error())) << body;
  }
  for (const char* body : {"[]", "1", "\"malformed JSON\"", "null", "{}"}) {
    const auto request = decode_query(body);
    ASSERT_FALSE(request);
    EXPECT_FALSE(is_malformed_json(request.error())) << body;
  }
}

TEST(DecodeQuery, CountsParametersAsTheProtocolDoes) {
  std::string list = "1";
  for (int i = 1; i < 65'535; ++i) list += ",1";
  EXPECT_EQ(mistakes_of(R"({"sql":"x","params":[)" + list + "]}"), "no mistake");
  EXPECT_EQ(mistakes_of(R"({"sql":"x","params":[)" + list + ",1]}").rfind("params: ", 0), 0U);
}

TEST(DecodeQuery, NeverReturnsAFloodOfMistakes) {
  std::string body = "{";
  for (int i = 0; i < 10'000; ++i) body += "\"x" + std::to_string(i) + "\":0,";
  body += "\"sql\":\"x\"}";
  const auto request = decode_query(body);
  ASSERT_FALSE(request);
  EXPECT_EQ(request.error().fields.size(), 20U);
  EXPECT_LT(request.error().message.size(), 2'000U);
  const std::string long_name = "{\"sql\":\"x\",\"" + std::string(100'000, 'n') + "\":0}";
  EXPECT_LT(decode_query(long_name).error().message.size(), 200U);
}

}  // namespace
}  // namespace sluice::json
