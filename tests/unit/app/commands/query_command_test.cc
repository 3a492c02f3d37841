#include "unit/app/commands/command_fixture.h"

namespace sluice::app::commands {
namespace {

constexpr const char* kOneRow =
    R"({"db_id":"a","columns":[{"name":"id","type":"int4","oid":23},{"name":"t","type":"text","oid":25}],)"
    R"("rows":[[1,"x"],[2,null]],"count":2,"command":"SELECT","affected":null,"truncated":false,"elapsed_ms":1})";

class QueryCommand : public CommandTest {};

TEST_F(QueryCommand, AsksWithParametersAndReadsOnly) {
  will_answer(200, kOneRow);
  EXPECT_EQ(run({"query", "a", "SELECT $1", "-p", "42", "--param", "text", "-p", "\"7\"", "-p",
                 "null", "--timeout", "2s"}),
            0);
  ASSERT_EQ(gateway_.asked.size(), 1u);
  EXPECT_EQ(gateway_.asked[0].method, "POST");
  EXPECT_EQ(gateway_.asked[0].path, "/query/a");
  EXPECT_EQ(gateway_.asked[0].body,
            R"({"sql":"SELECT $1","params":[42,"text","7",null],"read_only":true,)"
            R"("format":"arrays","max_rows":1000,"timeout_ms":2000})");
}

TEST_F(QueryCommand, DrawsATableWithNullsAndAlignedNumbers) {
  will_answer(200, kOneRow);
  run({"query", "a", "SELECT"});
  EXPECT_EQ(out(),
            " id | t\n"
            "----+------\n"
            "  1 | x\n"
            "  2 | NULL\n");
  EXPECT_EQ(err(), "");  // nobody looks at messages
}

TEST_F(QueryCommand, JsonIsTheAnswerItself) {
  will_answer(200, kOneRow);
  run({"query", "a", "SELECT", "-o", "json"});
  EXPECT_EQ(out(), std::string(kOneRow) + "\n");
}

TEST_F(QueryCommand, ACellCannotCommandTheTerminal) {
  out_is_terminal_ = true;
  const std::string whole =
      "{\"columns\":[{\"name\":\"a\",\"type\":\"text\"}],\"rows\":[[\"\\u001b[2J"
      "\u009b\"]],\"count\":1}";
  const std::vector<std::pair<const char*, std::string>> answers{
      {"table", whole},
      {"json", whole},
      {"csv", "a\r\n\x1b[2J\u009b\r\n"},
      {"ndjson", "{\"a\":\"\x1b[2J\u009b\"}\n{\"end\":{}}\n"}};
  for (const auto& [format, answer] : answers) {
    will_answer(200, answer);
    run({"query", "a", "SELECT", "-o", format});
    EXPECT_EQ(out().find('\x1b'), std::string::npos) << format;
    EXPECT_EQ(out().find("\u009b"), std::string::npos) << format;
  }
}

TEST_F(QueryCommand, ACutResultIsSaid) {
  will_answer(
      200, R"({"columns":[{"name":"a","type":"int4"}],"rows":[[1]],"count":1,"truncated":true})");
  EXPECT_EQ(run({"query", "a", "SELECT", "--max-rows", "1"}), 0);
  EXPECT_NE(err().find("there are more rows"), std::string::npos);
  EXPECT_NE(gateway_.asked[0].body.find(R"("max_rows":1)"), std::string::npos);
}

TEST_F(QueryCommand, AnSqlErrorPointsAtThePlace) {
  will_answer(400, R"({"code":"sql_error","detail":"no \"nme\"","sqlstate":"42703","position":11,)"
                   R"("hint":"Perhaps name.","detail_text":null})");
  EXPECT_EQ(run({"query", "a", "SELECT é,\n nme"}), 3);
  EXPECT_EQ(err(),
            "ERROR 42703: no \"nme\"\n"
            "LINE 2:  nme\n"
            "        ^\n"
            "HINT: Perhaps name.\n");
  EXPECT_EQ(out(), "");
}

TEST_F(QueryCommand, EveryKindOfRefusalHasItsStatus) {
  const std::string refused = R"("outcome":"not_started","retryable":true)";
  const std::string failed = R"("outcome":"not_started","retryable":false)";
  const std::vector<std::tuple<std::string, std::string, int>> cases{
      {"breaker_open", refused, 4},    {"queue_full", refused, 4},
      {"rate_limited", refused, 4},    {"database_unavailable", refused, 4},
      {"unauthenticated", failed, 5},  {"forbidden", failed, 5},
      {"unknown_database", failed, 1}, {"invalid_request", failed, 1},
      {"query_timeout", failed, 3},    {"result_too_large", failed, 3}};
  for (const auto& [code, rest, status] : cases) {
    will_answer(503, R"({"code":")" + code + R"(","detail":"words","db_id":"a",)" + rest + "}");
    EXPECT_EQ(run({"query", "a", "SELECT"}), status) << code;
  }
  EXPECT_NE(err().find("words (breaker_open)\nhint: sluice why a"), std::string::npos) << err();
}

TEST_F(QueryCommand, ManyDatabasesGetAColumnAndFailuresAreToldApart) {
  will_answer(
      207,
      R"({"successes":[{"db_id":"a","rows":[{"n":1}]},{"db_id":"b","rows":[{"n":2,"m":"x"}]}],)"
      R"("failures":[{"db_id":"c","error":{"code":"breaker_open","detail":"is open","outcome":"not_started","retryable":true}}]})");
  EXPECT_EQ(run({"query", "--all", "SELECT"}), 4);
  EXPECT_EQ(gateway_.asked[0].path, "/query");
  EXPECT_EQ(gateway_.asked[0].body,
            R"({"sql":"SELECT","params":[],"all":true,"write":false,"max_rows":1000})");
  EXPECT_EQ(out(),
            " database | n | m\n"
            "----------+---+---\n"
            " a        | 1 |\n"
            " b        | 2 | x\n");
  EXPECT_EQ(err(), "c: is open (breaker_open)\n");
}

TEST_F(QueryCommand, ReadsTheStatementFromItsInput) {
  in_.str("SELECT 1\n");
  will_answer(200, kOneRow);
  EXPECT_EQ(run({"query", "a", "-"}), 0);
  EXPECT_NE(gateway_.asked[0].body.find(R"("sql":"SELECT 1\n")"), std::string::npos);
}

TEST_F(QueryCommand, RefusesWhatMakesNoSense) {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"query", "a"},
                                             {"query", "--all", "a", "SELECT"},
                                             {"query", "--all", "--db", "a", "SELECT"},
                                             {"query", "--selector", "eu", "SELECT"},
                                             {"query", "a", "SELECT", "--max-rows", "-1"},
                                             {"query", "a", "SELECT", "--timeout", "soon"},
                                             {"query", "a", "SELECT", "-o", "xml"},
                                             {"query", "a", "SELECT", "--parm", "1"}}) {
    EXPECT_EQ(run(arguments), 1) << arguments.back();
  }
  EXPECT_TRUE(gateway_.asked.empty());
  EXPECT_NE(err().find("did you mean --param?"), std::string::npos);
}

TEST_F(QueryCommand, AnAnswerThatIsNoJsonIsSaid) {
  will_answer(502, "<html>");
  EXPECT_EQ(run({"query", "a", "SELECT"}), 1);
  EXPECT_NE(err().find("cannot be read"), std::string::npos);
}

}  // namespace
}  // namespace sluice::app::commands
