#include <gtest/gtest.h>

#include "postgres/session_driver.h"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

class Execute : public OpenConnectionTest {};

TEST_F(Execute, GivesColumnsRowsAndTheCommand) {
  const auto result = run("SELECT 1 AS one, NULL::text AS none UNION ALL SELECT 2, 'x'");
  ASSERT_TRUE(result) << result.error().message;
  ASSERT_EQ(result->columns.size(), 2U);
  EXPECT_EQ(result->columns[0].name, "one");
  EXPECT_EQ(result->columns[0].type, "int4");
  EXPECT_EQ(result->columns[1].type, "text");
  ASSERT_EQ(result->rows.size(), 2U);
  EXPECT_EQ(result->rows[0][0], "1");
  EXPECT_EQ(result->rows[0][1], std::nullopt);
  EXPECT_EQ(result->rows[1][1], "x");
  EXPECT_EQ(result->completion.command, "SELECT");
  EXPECT_EQ(result->completion.affected, std::nullopt);
  EXPECT_EQ(result->completion.rows, 2);
  EXPECT_FALSE(result->completion.truncated);
}

TEST_F(Execute, GivesColumnsOnceEvenWithoutRowsAndNoneToStatementsWithoutAResult) {
  for (int round = 0; round < 2; ++round) {  // prepared anew, then from the cache
    auto selected = driver.start(*connection, statement("SELECT 1 AS a WHERE false"));
    ASSERT_TRUE(driver.finish(*selected));
    EXPECT_EQ(selected->sink.columns_calls, 1);
    auto set = driver.start(*connection, statement("SET work_mem = '1MB'"));
    const auto result = driver.finish(*set);
    ASSERT_TRUE(result);
    EXPECT_EQ(set->sink.columns_calls, 0);
    EXPECT_EQ(result->completion.command, "SET");
  }
}

TEST_F(Execute, GivesRowsWithoutColumns) {
  const auto result = run("SELECT FROM generate_series(1, 3)");
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->columns.size(), 0U);
  EXPECT_EQ(result->completion.rows, 3);
}

TEST_F(Execute, CountsTheRowsThatWereWritten) {
  ASSERT_TRUE(run("CREATE TABLE counted (id int)"));
  const auto inserted = run("INSERT INTO counted SELECT generate_series(1, 5)");
  ASSERT_TRUE(inserted);
  EXPECT_EQ(inserted->completion.command, "INSERT");
  EXPECT_EQ(inserted->completion.affected, 5);
  EXPECT_EQ(inserted->completion.rows, 0);
  const auto updated = run("UPDATE counted SET id = id + 1 WHERE id > $1 RETURNING id", {3});
  ASSERT_TRUE(updated);
  EXPECT_EQ(updated->completion.command, "UPDATE");
  EXPECT_EQ(updated->completion.affected, 2);
  EXPECT_EQ(updated->completion.rows, 2);
  EXPECT_EQ(run("DELETE FROM counted WHERE false")->completion.affected, 0);
  EXPECT_EQ(run("CREATE TABLE copied AS SELECT * FROM counted")->completion.affected, 5);
  EXPECT_EQ(run("CREATE TABLE empty()")->completion.affected, std::nullopt);
  EXPECT_EQ(run("DROP TABLE counted, copied, empty")->completion.command, "DROP TABLE");
}

TEST_F(Execute, AnSqlErrorHasEveryFieldAndLeavesTheConnectionFit) {
  ASSERT_TRUE(run("CREATE TABLE keyed (id int CONSTRAINT keyed_key PRIMARY KEY)"));
  ASSERT_TRUE(run("INSERT INTO keyed VALUES ($1)", {1}));
  const auto twice = run("INSERT INTO keyed VALUES ($1)", {1});
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().code, ErrorCode::kSqlError);
  EXPECT_EQ(twice.error().outcome, Outcome::kRolledBack);
  EXPECT_EQ(twice.error().fault, Fault::kCaller);
  EXPECT_FALSE(twice.error().retryable);
  const SqlDiagnostics& said = *twice.error().sql;
  EXPECT_EQ(said.sqlstate, "23505");
  EXPECT_EQ(said.severity, "ERROR");
  EXPECT_EQ(said.detail, "Key (id)=(1) already exists.");
  EXPECT_EQ(said.schema, "public");
  EXPECT_EQ(said.table, "keyed");
  EXPECT_EQ(said.constraint, "keyed_key");
  EXPECT_EQ(said.routine, "_bt_check_unique");
  EXPECT_FALSE(said.file.empty());
  EXPECT_FALSE(said.line.empty());
  EXPECT_FALSE(connection->broken());
  ASSERT_TRUE(run("DROP TABLE keyed"));
}

TEST_F(Execute, ASyntaxErrorHasItsPosition) {
  const auto result = run("SELECT 'é' FROM FROM x");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().sqlstate(), "42601");
  EXPECT_EQ(result.error().sql->position, "17") << "in characters, not bytes";
  EXPECT_EQ(value("SELECT 1"), "1");
}

TEST_F(Execute, AnErrorAmongTheRowsEndsTheStatement) {
  auto ran =
      driver.start(*connection, statement("SELECT 10 / (3 - i) FROM generate_series(1, 5) i"));
  const auto result = driver.finish(*ran);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().sqlstate(), "22012");
  EXPECT_EQ(ran->sink.result.rows.size(), 2U);
  EXPECT_EQ(value("SELECT 1"), "1");
}

TEST_F(Execute, AnErrorAtCommitIsTheStatementsError) {
  ASSERT_TRUE(run("CREATE TABLE deferred_key (id int UNIQUE DEFERRABLE INITIALLY DEFERRED)"));
  ASSERT_TRUE(run("INSERT INTO deferred_key VALUES (1)"));
  for (int round = 0; round < 2; ++round) {
    const auto again = run("INSERT INTO deferred_key VALUES (1)");
    ASSERT_FALSE(again) << "only the commit fails";
    EXPECT_EQ(again.error().sqlstate(), "23505");
    EXPECT_EQ(again.error().outcome, Outcome::kRolledBack);
    EXPECT_FALSE(connection->needs_reset(ResetPolicy::kNever)) << "told before the end was seen";
  }
  EXPECT_EQ(value("SELECT count(*) FROM deferred_key"), "1");
  ASSERT_TRUE(run("DROP TABLE deferred_key"));
}

TEST_F(Execute, AnSqlstateThatTheUserChoseSaysNothingOfTheServer) {
  for (const char* sqlstate : {"58030", "53300", "57P01", "08006", "28P01"}) {
    const auto raised = run(std::string("DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '") +
                            sqlstate + "'; END $$");
    ASSERT_FALSE(raised);
    EXPECT_EQ(raised.error().sqlstate(), sqlstate);
    EXPECT_EQ(raised.error().fault, Fault::kCaller) << sqlstate;
    EXPECT_EQ(raised.error().outcome, Outcome::kRolledBack) << sqlstate;
    EXPECT_FALSE(connection->broken());
  }
}

TEST_F(Execute, WhatMayHaveCommittedAPartIsNotSentAgain) {
  const auto raised =
      run("DO $$ BEGIN COMMIT; RAISE EXCEPTION 'x' USING ERRCODE = '53300'; END $$");
  ASSERT_FALSE(raised);
  EXPECT_EQ(raised.error().outcome, Outcome::kUnknown);
  EXPECT_FALSE(raised.error().retryable);
}

TEST_F(Execute, RefusesSeveralStatementsAtOnce) {
  EXPECT_EQ(run("SELECT 1; SELECT 2").error().sqlstate(), "42601");
  EXPECT_EQ(value("SELECT 1;"), "1");
}

TEST_F(Execute, RefusesWhatCannotBeSentBeforeSendingIt) {
  for (const char* sql :
       {"COPY pg_type TO STDOUT", "begin", "COMMIT", "LISTEN x", "PREPARE x AS SELECT 1", "",
        "-- nothing", "EXECUTE x", "DECLARE c CURSOR FOR SELECT 1", "/* */ ROLLBACK", "SELECT \xff",
        "START TRANSACTION"}) {
    const auto result = run(sql);
    ASSERT_FALSE(result) << sql;
    EXPECT_EQ(result.error().code, ErrorCode::kInvalidRequest) << sql;
    EXPECT_EQ(result.error().outcome, Outcome::kNotStarted) << sql;
    EXPECT_EQ(result.error().fault, Fault::kCaller) << sql;
    EXPECT_FALSE(result.error().message.empty()) << sql;
  }
  EXPECT_EQ(run(std::string("SELECT 1\0", 9)).error().code, ErrorCode::kInvalidRequest);
  EXPECT_FALSE(connection->needs_reset(ResetPolicy::kAlways)) << "nothing was sent";
  EXPECT_EQ(value("SELECT 1"), "1");
}

TEST_F(Execute, ACopyThatGetsThroughCostsTheConnectionAndSaysWhy) {
  const auto result =
      driver.run(*connection, statement("COPY pg_type TO STDOUT"), {.internal = true});
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().message.find("COPY"), std::string::npos) << result.error().message;
  EXPECT_EQ(result.error().fault, Fault::kCaller);
  EXPECT_TRUE(connection->broken());
}

TEST_F(Execute, AWrongNumberOfParametersIsTheCallersMistakeAndCostsNothing) {
  for (int round = 0; round < 2; ++round) {
    const auto result = run("SELECT $1::int + $2::int", {1});
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::kInvalidRequest);
    EXPECT_NE(result.error().message.find("2 parameters"), std::string::npos)
        << result.error().message;
    EXPECT_FALSE(connection->broken());
    EXPECT_EQ(value("SELECT $1::int + $2::int", {1, 2}), "3");
  }
}

TEST_F(Execute, TransactionsOfOurOwnRunStatementByStatement) {
  const pool::ExecuteOptions internal{.internal = true};
  ASSERT_TRUE(run("CREATE TABLE moved (id int)"));
  for (const char* end : {"ROLLBACK", "COMMIT"}) {
    ASSERT_TRUE(driver.run(*connection, statement("BEGIN ISOLATION LEVEL SERIALIZABLE"), internal));
    EXPECT_TRUE(connection->needs_reset(ResetPolicy::kNever));
    ASSERT_TRUE(run("INSERT INTO moved VALUES (1)"));
    ASSERT_TRUE(driver.run(*connection, statement(end), internal));
    EXPECT_FALSE(connection->needs_reset(ResetPolicy::kNever));
  }
  EXPECT_EQ(value("SELECT count(*) FROM moved"), "1");
  ASSERT_TRUE(driver.run(*connection, statement("BEGIN"), internal));
  EXPECT_FALSE(run("SELECT 1 / 0"));
  EXPECT_EQ(run("SELECT 1").error().sqlstate(), "25P02");
  ASSERT_TRUE(driver.run(*connection, statement("ROLLBACK"), internal));
  EXPECT_EQ(value("SELECT 1"), "1");
  ASSERT_TRUE(run("DROP TABLE moved"));
}

TEST_F(Execute, RefusesDuplicateColumnNamesBeforeRunning) {
  ASSERT_TRUE(run("CREATE TABLE touched (id int)"));
  Query query = statement("INSERT INTO touched VALUES (1) RETURNING id, id");
  query.unique_column_names = true;
  for (int round = 0; round < 2; ++round) {
    const auto result = driver.run(*connection, query);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::kInvalidRequest);
    EXPECT_NE(result.error().fields.at(0).message.find("arrays"), std::string::npos);
  }
  EXPECT_EQ(value("SELECT count(*) FROM touched"), "0");
  query.unique_column_names = false;
  EXPECT_TRUE(driver.run(*connection, query));
  ASSERT_TRUE(run("DROP TABLE touched"));
}

TEST_F(Execute, HandlesARowLargerThanEveryBuffer) {
  const auto result = run("SELECT repeat('x', 20000000), 1");
  ASSERT_TRUE(result);
  EXPECT_EQ(result->rows[0][0]->size(), 20'000'000U);
  const std::string big(5'000'000, 'y');
  EXPECT_EQ(value("SELECT length($1)", {big}), "5000000");
}

TEST_F(Execute, PingsAndSaysSoWhenTheServerHasGone) {
  EXPECT_TRUE(driver.ping(*connection));
  server().run("SELECT pg_terminate_backend(" + value("SELECT pg_backend_pid()") + ")");
  const auto ping = driver.ping(*connection);
  ASSERT_FALSE(ping);
  EXPECT_EQ(ping.error().code, ErrorCode::kDatabaseUnavailable);
  EXPECT_TRUE(connection->broken());
}

}  // namespace
}  // namespace sluice::test
