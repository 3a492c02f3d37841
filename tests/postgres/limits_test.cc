#include <gtest/gtest.h>

#include "postgres/session_driver.h"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

class Limits : public testing::Test {
 protected:
  SessionDriver driver;
  std::unique_ptr<pool::Connection> connection = driver.open();

  Result<QueryResult> run(const std::string& sql, std::vector<Param> params = {}) {
    return driver.run(*connection, sql, std::move(params));
  }
  std::string value(const std::string& sql) { return driver.value(*connection, sql); }
  Result<QueryResult> read_only(const std::string& sql) {
    Query query = statement(sql);
    query.read_only = true;
    return driver.run(*connection, query);
  }
  Result<QueryResult> at_most(std::int64_t rows, const std::string& sql) {
    Query query = statement(sql);
    query.max_rows = rows;
    return driver.run(*connection, query);
  }
};

TEST_F(Limits, ReadOnlyCannotBeUndoneBySql) {
  ASSERT_TRUE(run("CREATE TABLE guarded (id int)"));
  ASSERT_TRUE(
      run("CREATE FUNCTION escape() RETURNS void LANGUAGE plpgsql AS $$ BEGIN "
          "PERFORM set_config('transaction_read_only', 'off', true); "
          "INSERT INTO guarded VALUES (1); END $$"));
  ASSERT_TRUE(
      run("CREATE PROCEDURE escape_twice() LANGUAGE plpgsql AS $$ BEGIN COMMIT; "
          "INSERT INTO guarded VALUES (1); COMMIT; END $$"));
  for (const char* sql :
       {"INSERT INTO guarded VALUES (1)", "SELECT escape()", "CALL escape_twice()",
        "DO $$ BEGIN COMMIT; INSERT INTO guarded VALUES (1); END $$",
        "WITH x AS (INSERT INTO guarded VALUES (1) RETURNING id) SELECT * FROM x",
        "SELECT set_config('transaction_read_only', 'off', true)", "SET TRANSACTION READ WRITE",
        "DROP TABLE guarded", "VACUUM guarded", "SELECT 1 INTO other",
        "SELECT nextval('no_sequence')"}) {
    EXPECT_FALSE(read_only(sql)) << sql;
  }
  EXPECT_EQ(value("SELECT count(*) FROM guarded"), "0");
  EXPECT_EQ(read_only("INSERT INTO guarded VALUES (1)").error().sqlstate(), "25006");
  EXPECT_TRUE(read_only("SELECT * FROM guarded"));
  EXPECT_TRUE(run("INSERT INTO guarded VALUES (1)")) << "it must not outlast its statement";
  EXPECT_TRUE(run("CALL escape_twice()"));
  ASSERT_TRUE(run("DROP TABLE guarded"));
  ASSERT_TRUE(run("DROP FUNCTION escape"));
  ASSERT_TRUE(run("DROP PROCEDURE escape_twice"));
}

TEST_F(Limits, AStatementsTimeoutHoldsForItAlone) {
  for (int round = 0; round < 2; ++round) {
    const auto started = std::chrono::steady_clock::now();
    const auto slow = driver.run(*connection, statement("SELECT pg_sleep(5)"), {.timeout = 100ms});
    const auto took = std::chrono::steady_clock::now() - started;
    ASSERT_FALSE(slow);
    EXPECT_EQ(slow.error().code, ErrorCode::kQueryTimeout);
    EXPECT_EQ(slow.error().sqlstate(), "57014");
    EXPECT_EQ(slow.error().fault, Fault::kOverload);
    EXPECT_EQ(slow.error().outcome, Outcome::kRolledBack);
    EXPECT_GE(took, 100ms);
    EXPECT_LT(took, 3s);
  }
  EXPECT_EQ(value("SELECT current_setting('statement_timeout')"), "30s");
  const auto told = driver.run(*connection, statement("SHOW statement_timeout"), {.timeout = 7s});
  EXPECT_EQ(told->rows[0][0], "7s");
  EXPECT_EQ(value("SHOW statement_timeout"), "30s");
  EXPECT_FALSE(connection->needs_reset(ResetPolicy::kDirty));
}

TEST_F(Limits, TheSessionsTimeoutHoldsWhereNoOtherIsGiven) {
  DatabaseOptions options;
  options.session.statement_timeout = 100ms;
  auto impatient = driver.open(options);
  const auto slow = driver.run(*impatient, "SELECT pg_sleep(5)");
  ASSERT_FALSE(slow);
  EXPECT_EQ(slow.error().code, ErrorCode::kQueryTimeout);
  EXPECT_TRUE(driver.run(*impatient, statement("SELECT pg_sleep(0.3)"), {.timeout = 5s}));
}

TEST_F(Limits, StatementsThatRefuseATransactionRunWithATimeoutGiven) {
  ASSERT_TRUE(run("CREATE TABLE vacuumed (id int)"));
  for (const char* sql : {"VACUUM vacuumed", "CREATE INDEX CONCURRENTLY v ON vacuumed (id)",
                          "DROP INDEX CONCURRENTLY v", "REINDEX TABLE CONCURRENTLY vacuumed",
                          "CREATE DATABASE extra", "DROP DATABASE extra", "DISCARD ALL",
                          "ALTER SYSTEM RESET work_mem", "CLUSTER", "DO $$ BEGIN COMMIT; END $$"}) {
    for (int round = 0; round < 2; ++round) {
      const auto result = driver.run(*connection, statement(sql), {.timeout = 9s});
      if (result) continue;
      // The second time an object may exist or be gone, nothing else may be wrong.
      EXPECT_TRUE(round == 1 && (result.error().sqlstate().starts_with("42") ||
                                 result.error().sqlstate() == "3D000"))
          << sql << ": " << result.error().message;
    }
  }
  ASSERT_TRUE(run("DROP TABLE vacuumed"));
}

TEST_F(Limits, AReadIsCutAtItsRowLimit) {
  const auto cut = at_most(3, "SELECT generate_series(1, 1000000)");
  ASSERT_TRUE(cut) << cut.error().message;
  EXPECT_EQ(cut->rows.size(), 3U);
  EXPECT_EQ(cut->completion.rows, 3);
  EXPECT_TRUE(cut->completion.truncated);
  EXPECT_FALSE(cut->completion.committed);
  EXPECT_TRUE(connection->needs_reset(ResetPolicy::kNever)) << "the rest is still coming";
  ASSERT_TRUE(driver.reset(*connection));
  EXPECT_FALSE(connection->needs_reset(ResetPolicy::kAlways));
  const auto exact = at_most(3, "SELECT generate_series(1, 3)");
  ASSERT_TRUE(exact);
  EXPECT_FALSE(exact->completion.truncated);
  const auto none = at_most(0, "SELECT 1");
  ASSERT_TRUE(none);
  EXPECT_EQ(none->rows.size(), 0U);
  EXPECT_TRUE(none->completion.truncated);
  ASSERT_TRUE(driver.reset(*connection));
  EXPECT_EQ(value("SELECT 5"), "5");
}

TEST_F(Limits, AReadThatGetsTooLargeFailsAtOnce) {
  for (const auto timeout : {0s, 20s}) {  // also row by row after the settings of a statement
    auto ran = std::make_unique<SessionDriver::Ran>();
    ran->sink.too_large_at = 2;
    const auto started = std::chrono::steady_clock::now();
    driver.start_on(
        *connection,
        statement("SELECT repeat('x', 9000), pg_sleep(0.01) FROM generate_series(1, 100000) i"),
        {.timeout = timeout}, *ran);
    const auto result = driver.finish(*ran);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::kResultTooLarge);
    EXPECT_EQ(result.error().fault, Fault::kCaller);
    EXPECT_EQ(ran->sink.result.rows.size(), 2U);
    ASSERT_TRUE(driver.reset(*connection));
    EXPECT_LT(std::chrono::steady_clock::now() - started, 5s);
    EXPECT_EQ(ran->sink.result.rows.size(), 2U) << "the sink hears nothing after the end";
    EXPECT_EQ(value("SELECT 5"), "5");
  }
}

TEST_F(Limits, AWriteThatIsCutIsCommittedAndSaysSo) {
  ASSERT_TRUE(run("CREATE TABLE written (id int)"));
  const auto cut = at_most(2, "INSERT INTO written SELECT generate_series(1, 5000) RETURNING id");
  ASSERT_TRUE(cut) << cut.error().message;
  EXPECT_EQ(cut->rows.size(), 2U);
  EXPECT_TRUE(cut->completion.truncated);
  EXPECT_TRUE(cut->completion.committed);
  EXPECT_EQ(cut->completion.affected, 5000);
  EXPECT_EQ(value("SELECT count(*) FROM written"), "5000");
  auto ran = std::make_unique<SessionDriver::Ran>();
  ran->sink.too_large_at = 1;
  driver.start_on(*connection, statement("DELETE FROM written RETURNING id"), {}, *ran);
  const auto deleted = driver.finish(*ran);
  ASSERT_TRUE(deleted) << deleted.error().message;
  EXPECT_TRUE(deleted->completion.truncated);
  EXPECT_TRUE(deleted->completion.committed);
  EXPECT_EQ(value("SELECT count(*) FROM written"), "0");
  ASSERT_TRUE(run("DROP TABLE written"));
}

TEST_F(Limits, AFunctionThatWritesIsAWriteToo) {
  ASSERT_TRUE(run("CREATE TABLE logged (id int)"));
  ASSERT_TRUE(
      run("CREATE FUNCTION log_it(i int) RETURNS int LANGUAGE sql AS "
          "'INSERT INTO logged VALUES (i) RETURNING id'"));
  const auto cut = at_most(1, "SELECT log_it(i) FROM generate_series(1, 100) i");
  ASSERT_TRUE(cut);
  EXPECT_TRUE(cut->completion.committed);
  EXPECT_EQ(value("SELECT count(*) FROM logged"), "100");
  ASSERT_TRUE(run("DROP FUNCTION log_it"));
  ASSERT_TRUE(run("DROP TABLE logged"));
}

TEST_F(Limits, InATransactionACutReadEndsOnlyWhenTheNextStatementMayRun) {
  ASSERT_TRUE(driver.run(*connection, statement("BEGIN"), {.internal = true}));
  const auto cut = at_most(2, "SELECT generate_series(1, 50000)");
  ASSERT_TRUE(cut);
  EXPECT_TRUE(cut->completion.truncated);
  EXPECT_EQ(value("SELECT 6"), "6");
  ASSERT_TRUE(driver.run(*connection, statement("COMMIT"), {.internal = true}));
}

TEST_F(Limits, ACutResultNeverReachesTheNextStatement) {
  for (int i = 0; i < 200; ++i) {
    const auto cut = at_most(1, "SELECT generate_series(1, " + std::to_string(1 + i * 50) + ")");
    ASSERT_TRUE(cut);
    ASSERT_TRUE(driver.reset(*connection));
    ASSERT_EQ(value("SELECT " + std::to_string(i)), std::to_string(i));
  }
}

}  // namespace
}  // namespace sluice::test
