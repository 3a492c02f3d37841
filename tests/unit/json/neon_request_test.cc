#include "json/neon_request.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sluice::json {
namespace {

QueryRequest single(std::string_view body, const NeonHeaders& headers = {}) {
  auto request = decode_neon(body, headers);
  EXPECT_TRUE(request) << request.error().message;
  return std::get<QueryRequest>(std::move(*request));
}

TransactionRequest batch(std::string_view body, const NeonHeaders& headers = {}) {
  auto request = decode_neon(body, headers);
  EXPECT_TRUE(request) << request.error().message;
  return std::get<TransactionRequest>(std::move(*request));
}

NeonFormat neon(const AnswerFormat& format) { return std::get<NeonFormat>(format); }

std::string mistake(std::string_view body) {
  const auto request = decode_neon(body, {});
  return request ? "none" : request.error().message;
}

TEST(NeonRequest, ReadsAQueryAsTheNpmClientSendsIt) {
  const auto request = single(R"({"query":"SELECT $1, $2","params":["1",null]})",
                              {.format = {.raw_text = true, .arrays = true}});
  EXPECT_EQ(request.query.sql, "SELECT $1, $2");
  ASSERT_EQ(request.query.params.size(), 2U);
  EXPECT_EQ(request.query.params[0].kind, Param::Kind::kString);
  EXPECT_EQ(request.query.params[0].text, "1");
  EXPECT_EQ(request.query.params[1].kind, Param::Kind::kNull);
  EXPECT_TRUE(neon(request.format).raw_text);
  EXPECT_TRUE(neon(request.format).arrays);
  EXPECT_FALSE(request.query.unique_column_names);
}

TEST(NeonRequest, MakesTextOfEveryParameter) {
  const auto request = single(
      R"({"query":"q","params":[true,1.50,{"a":[1]},[1,"x\"y\\z\n",null,true],[[2.50],[{"b":"c"}]],[]]})");
  std::vector<std::string> texts;
  for (const Param& param : request.query.params) {
    EXPECT_EQ(param.kind, Param::Kind::kString);
    texts.push_back(param.text);
  }
  EXPECT_EQ(texts, (std::vector<std::string>{"true", "1.50", R"({"a":[1]})",
                                             "{\"1\",\"x\\\"y\\\\z\n\",NULL,\"true\"}",
                                             "{{\"2.50\"},{\"{\\\"b\\\":\\\"c\\\"}\"}}", "{}"}));
}

TEST(NeonRequest, RefusesListsThatAreNoArray) {
  for (const char* mixed : {"[1,[2]]", "[null,[2]]", "[[1,[2]],[3,[4]]]"}) {
    const auto body = std::string(R"({"query":"q","params":[0,)") + mixed + "]}";
    EXPECT_NE(mistake(body).find("$2 cannot be a PostgreSQL array"), std::string::npos) << mixed;
  }
}

TEST(NeonRequest, NeedsNoParamsAndIgnoresWhatItDoesNotKnow) {
  EXPECT_TRUE(single(R"({"query":"q"})").query.params.empty());
  EXPECT_TRUE(
      single(R"({"query":"q","params":null,"queryOptions":{},"x":1})").query.params.empty());
  EXPECT_EQ(single(R"({"query":""})").query.sql, "");
}

TEST(NeonRequest, LetsEachQueryChooseItsRows) {
  EXPECT_TRUE(neon(single(R"({"query":"q","arrayMode":true})").format).arrays);
  EXPECT_FALSE(
      neon(single(R"({"query":"q","arrayMode":false})", {.format = {.arrays = true}}).format)
          .arrays);
  const auto request = batch(R"({"queries":[{"query":"a"},{"query":"b","arrayMode":true}]})",
                             {.format = {.raw_text = true}});
  ASSERT_EQ(request.formats.size(), 2U);
  EXPECT_FALSE(neon(request.formats[0]).arrays);
  EXPECT_TRUE(neon(request.formats[1]).arrays);
  EXPECT_TRUE(neon(request.formats[1]).raw_text);
}

TEST(NeonRequest, ABatchIsATransactionAsItsHeadersSay) {
  const auto request =
      batch(R"({"queries":[{"query":"a","params":["1"]},{"query":"b"}]})",
            {.read_only = true, .deferrable = true, .isolation = Isolation::kSerializable});
  ASSERT_EQ(request.statements.size(), 2U);
  EXPECT_EQ(request.statements[0].params.size(), 1U);
  EXPECT_TRUE(request.options.read_only);
  EXPECT_TRUE(request.options.deferrable);
  EXPECT_EQ(request.options.isolation, Isolation::kSerializable);
  EXPECT_TRUE(request.bare);
  EXPECT_EQ(batch(R"({"queries":[]})").options.isolation, Isolation::kServerDefault);
  EXPECT_TRUE(batch(R"({"queries":[]})").statements.empty());
  EXPECT_TRUE(single(R"({"query":"q"})", {.read_only = true}).query.read_only);
}

TEST(NeonRequest, KnowsTheLevelsOfIsolation) {
  EXPECT_EQ(parse_neon_isolation("ReadUncommitted"), Isolation::kReadUncommitted);
  EXPECT_EQ(parse_neon_isolation("ReadCommitted"), Isolation::kReadCommitted);
  EXPECT_EQ(parse_neon_isolation("RepeatableRead"), Isolation::kRepeatableRead);
  EXPECT_EQ(parse_neon_isolation("Serializable"), Isolation::kSerializable);
  EXPECT_EQ(parse_neon_isolation("serializable"), std::nullopt);
  EXPECT_EQ(parse_neon_isolation(""), std::nullopt);
}

TEST(NeonRequest, SaysWhatIsWrong) {
  EXPECT_TRUE(mistake("{").starts_with("malformed JSON")) << mistake("{");
  EXPECT_EQ(mistake("[]"), "the body must be a JSON object: {…}");
  EXPECT_EQ(mistake("{}"), "query: is missing: the statement to run");
  EXPECT_EQ(mistake(R"({"query":1})"), "query: must be a string");
  EXPECT_EQ(mistake(R"({"query":"q","params":{}})"), "params: must be a list: […]");
  EXPECT_EQ(mistake(R"({"query":"q","arrayMode":1})"), "arrayMode: must be true or false");
  EXPECT_EQ(mistake(R"({"queries":{}})"),
            "2 mistakes: queries: must be a list: […]; query: is missing: the statement to run");
  EXPECT_EQ(mistake(R"({"queries":[{"query":"q"},{}]})"),
            "queries[1].query: is missing: the statement to run");
  EXPECT_NE(mistake(R"({"queries":["q"]})"), "none");
}

}  // namespace
}  // namespace sluice::json
