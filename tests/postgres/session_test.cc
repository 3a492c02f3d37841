#include <gtest/gtest.h>

#include <future>
#include <pqxx/pqxx>

#include "postgres/session_driver.h"

/// libpqxx 6.4 loses a PGresult when it throws because the connection has died.
extern "C" const char* __lsan_default_suppressions() { return "leak:libpqxx-6.4"; }

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

class Session : public OpenConnectionTest {
 protected:
  std::string prepared() {
    return server().value("SELECT 1") == "1"
               ? value("SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'sluice%'")
               : "";
  }
};

TEST_F(Session, StateOfOneUserNeverReachesTheNext) {
  struct Leak {
    const char* sql;
    const char* seen;  ///< what the next user would see
    const char* clean;
  };
  const std::vector<Leak> leaks{
      {"SET ROLE somebody", "SELECT current_user", "postgres"},
      {"SET SESSION AUTHORIZATION somebody", "SELECT session_user", "postgres"},
      {"SET work_mem = '7MB'", "SHOW work_mem", "4MB"},
      {"SET SESSION statement_timeout = 1234", "SHOW statement_timeout", "30s"},
      {"SET default_transaction_read_only = on", "SHOW transaction_read_only", "off"},
      {"SELECT set_config('search_path', 'nowhere', false)", "SHOW search_path",
       "\"$user\", public"},
      {"SELECT set_config('app.user', 'me', false)",
       "SELECT coalesce(current_setting('app.user', true), '')", ""},
      {"CREATE TEMP TABLE hidden (id int)", "SELECT to_regclass('hidden')", "NULL"},
      {"SELECT pg_advisory_lock(4711)", "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'",
       "0"},
      {"SELECT nextval('counted')", "SELECT lastval()",
       "error: lastval is not yet defined in this session"},
      {"DO $$ BEGIN EXECUTE 'LISTEN gossip'; END $$",
       "SELECT count(*) FROM pg_listening_channels()", "0"},
      {"DO $$ BEGIN EXECUTE 'DECLARE c CURSOR WITH HOLD FOR SELECT 1'; END $$",
       "SELECT count(*) FROM pg_cursors WHERE name = 'c'", "0"},
  };
  server().run("CREATE ROLE somebody; CREATE SEQUENCE counted");
  for (const ResetPolicy policy : {ResetPolicy::kDirty, ResetPolicy::kAlways}) {
    for (const Leak& leak : leaks) {
      const auto left = run(leak.sql);
      ASSERT_TRUE(left) << leak.sql << ": " << left.error().message;
      EXPECT_NE(value(leak.seen), leak.clean) << leak.sql << " leaves nothing to be cleaned";
      EXPECT_TRUE(connection->needs_reset(policy)) << leak.sql;
      ASSERT_TRUE(driver.reset(*connection, policy)) << leak.sql;
      EXPECT_FALSE(connection->needs_reset(policy)) << leak.sql;
      EXPECT_EQ(value(leak.seen), leak.clean) << leak.sql;
      ASSERT_TRUE(driver.reset(*connection, policy));
    }
  }
  server().run("DROP ROLE somebody; DROP SEQUENCE counted");
}

TEST_F(Session, StartSettingsSurviveAReset) {
  ASSERT_TRUE(run("SET intervalstyle = 'postgres'"));
  ASSERT_TRUE(run("SET timezone = 'Asia/Tokyo'"));
  ASSERT_TRUE(driver.reset(*connection));
  EXPECT_EQ(value("SHOW intervalstyle"), "iso_8601");
  EXPECT_EQ(value("SHOW timezone"), "UTC");
}

TEST_F(Session, AnOpenTransactionIsRolledBackUnderEveryPolicy) {
  server().run("CREATE TABLE half_done (id int)");
  for (const ResetPolicy policy :
       {ResetPolicy::kDirty, ResetPolicy::kAlways, ResetPolicy::kNever}) {
    for (const char* sql : {"INSERT INTO half_done VALUES (1)", "SELECT 1 / 0"}) {
      ASSERT_TRUE(driver.run(*connection, statement("BEGIN"), {.internal = true}));
      (void)run(sql);
      EXPECT_TRUE(connection->needs_reset(policy));
      ASSERT_TRUE(driver.reset(*connection, policy));
      EXPECT_FALSE(connection->needs_reset(policy));
    }
  }
  EXPECT_EQ(server().value("SELECT count(*) FROM half_done"), "0");
  server().run("DROP TABLE half_done");
}

TEST_F(Session, CleanStatementsNeedNoReset) {
  EXPECT_EQ(value("SELECT count(*) FROM pg_type"), value("SELECT count(*) FROM pg_type"));
  EXPECT_FALSE(connection->needs_reset(ResetPolicy::kDirty));
  EXPECT_TRUE(connection->needs_reset(ResetPolicy::kAlways));
  EXPECT_FALSE(connection->needs_reset(ResetPolicy::kNever));
}

TEST_F(Session, APreparedStatementIsReusedAndTheCacheIsBounded) {
  DatabaseOptions options;
  options.pool.statement_cache = 4;
  auto small = driver.open(options);
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 20; ++i)
      ASSERT_EQ(driver.value(*small, "SELECT " + std::to_string(i)), std::to_string(i));
  }
  const std::string count =
      driver.value(*small, "SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'sluice%'");
  EXPECT_LE(std::stoi(count), 5) << "four, and one that is about to go";
  for (int i = 0; i < 5; ++i) ASSERT_EQ(value("SELECT 'again'"), "again");
  EXPECT_EQ(value("SELECT generic_plans + custom_plans FROM pg_prepared_statements WHERE "
                  "statement = 'SELECT ''again'''"),
            "5");
}

TEST_F(Session, OneTextWithOtherForcedTypesIsAnotherStatement) {
  Param eight = 1, two = 1;
  eight.type = "int8";
  two.type = "int2";
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(value("SELECT pg_typeof($1)", {eight}), "bigint");
    EXPECT_EQ(value("SELECT pg_typeof($1)", {two}), "smallint");
  }
}

TEST_F(Session, AStatementThatTheServerForgotIsPreparedAgain) {
  EXPECT_EQ(value("SELECT $1::int", {1}), "1");
  EXPECT_EQ(driver.run(*connection, statement("SELECT 2"), {.timeout = 3s})->rows[0][0], "2");
  ASSERT_TRUE(run("DO $$ BEGIN EXECUTE 'DEALLOCATE ALL'; END $$"));
  EXPECT_EQ(value("SELECT $1::int", {7}), "7");
  ASSERT_TRUE(run("DO $$ BEGIN EXECUTE 'DEALLOCATE ALL'; END $$"));
  const auto limited = driver.run(*connection, statement("SELECT 2"), {.timeout = 3s});
  ASSERT_TRUE(limited) << limited.error().message;
  EXPECT_EQ(limited->rows[0][0], "2");
  ASSERT_TRUE(driver.reset(*connection));
  EXPECT_EQ(value("SELECT $1::int", {8}), "8");
}

TEST_F(Session, DiscardAllIsSurvived) {
  EXPECT_EQ(value("SELECT 3"), "3");
  ASSERT_TRUE(run("DISCARD ALL"));
  EXPECT_EQ(value("SELECT 3"), "3");
  ASSERT_TRUE(driver.reset(*connection));
  EXPECT_EQ(value("SELECT 3"), "3");
}

TEST_F(Session, AStatementWhoseTableHasChangedIsPreparedAgain) {
  server().run("CREATE TABLE changing (a int); INSERT INTO changing VALUES (1)");
  EXPECT_EQ(run("SELECT * FROM changing")->columns.size(), 1U);
  server().run("ALTER TABLE changing ADD COLUMN b text DEFAULT 'new'");
  const auto changed = run("SELECT * FROM changing");
  ASSERT_TRUE(changed) << changed.error().message;
  EXPECT_EQ(changed->columns.size(), 2U);
  EXPECT_EQ(changed->rows[0][1], "new");
  server().run("ALTER TABLE changing DROP COLUMN b");
  ASSERT_TRUE(driver.run(*connection, statement("BEGIN"), {.internal = true}));
  EXPECT_EQ(run("SELECT * FROM changing").error().sqlstate(), "0A000")
      << "in a transaction the caller must start again";
  ASSERT_TRUE(driver.reset(*connection));
  server().run("DROP TABLE changing");
}

TEST_F(Session, AnErrorOfTheStatementsOwnIsNotTakenForAnOutdatedOne) {
  server().run(
      "CREATE SEQUENCE tries; CREATE FUNCTION unsupported() RETURNS int LANGUAGE plpgsql AS "
      "$$ BEGIN PERFORM nextval('tries'); RAISE feature_not_supported; END $$");
  EXPECT_EQ(run("SELECT unsupported()").error().sqlstate(), "0A000");
  EXPECT_EQ(server().value("SELECT last_value FROM tries"), "1");
  EXPECT_EQ(run("SELECT unsupported()").error().sqlstate(), "0A000");
  EXPECT_EQ(server().value("SELECT last_value FROM tries"), "2") << "it has run: not again";
  server().run("DROP FUNCTION unsupported; DROP SEQUENCE tries");
}

TEST_F(Session, LibpqxxUsesADetachedConnectionAndLeavesNothing) {
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(value("SELECT 1"), "1");
    connection->detach();
    auto& native = *static_cast<pqxx::connection_base*>(connection->native());
    std::thread([&native] {
      native.prepare("theirs", "SELECT $1::int + 1");
      pqxx::work work(native);
      EXPECT_EQ(work.exec_params("SELECT 40 + $1::int", 2)[0][0].as<int>(), 42);
      EXPECT_EQ(work.exec_prepared("theirs", 1)[0][0].as<int>(), 2);
      work.exec("CREATE TEMP TABLE theirs (id int)");
      work.exec("SET LOCAL work_mem = '9MB'; LISTEN gossip");
      work.commit();
    }).join();
    connection->attach();
    EXPECT_FALSE(connection->broken());
    EXPECT_TRUE(connection->needs_reset(ResetPolicy::kDirty));
    ASSERT_TRUE(driver.reset(*connection));
    EXPECT_EQ(value("SELECT count(*) FROM pg_prepared_statements WHERE name = 'theirs'"), "0");
    EXPECT_EQ(value("SELECT to_regclass('theirs')"), "NULL");
    EXPECT_EQ(value("SELECT count(*) FROM pg_listening_channels()"), "0");
    ASSERT_TRUE(driver.reset(*connection));
  }
}

TEST_F(Session, ATransactionThatLibpqxxLeftOpenIsRolledBack) {
  connection->detach();
  auto& native = *static_cast<pqxx::connection_base*>(connection->native());
  {
    pqxx::nontransaction plain(native);
    plain.exec("BEGIN");
    plain.exec("CREATE TABLE left_open (id int)");
  }
  connection->attach();
  EXPECT_TRUE(connection->needs_reset(ResetPolicy::kNever));
  ASSERT_TRUE(driver.reset(*connection, ResetPolicy::kNever));
  EXPECT_EQ(server().value("SELECT to_regclass('left_open')"), "");
}

TEST_F(Session, AConnectionThatLibpqxxClosedIsBroken) {
  connection->detach();
  static_cast<pqxx::connection_base*>(connection->native())->disconnect();
  connection->attach();
  EXPECT_TRUE(connection->broken());
  EXPECT_FALSE(run("SELECT 1"));
}

TEST_F(Session, ABackendThatDiesWhileDetachedIsNoticed) {
  const std::string pid = value("SELECT pg_backend_pid()");
  connection->detach();
  server().run("SELECT pg_terminate_backend(" + pid + ")");
  auto& native = *static_cast<pqxx::connection_base*>(connection->native());
  for (int i = 0; i < 3; ++i) {
    EXPECT_THROW(pqxx::nontransaction(native).exec("SELECT 1"), std::exception)
        << "never reconnected silently";
  }
  connection->attach();
  EXPECT_TRUE(connection->broken());
}

}  // namespace
}  // namespace sluice::test
