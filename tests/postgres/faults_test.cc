#include <gtest/gtest.h>

#include <csignal>
#include <thread>

#include "postgres/session_driver.h"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

class Faults : public testing::Test {
 protected:
  SessionDriver driver;
  std::unique_ptr<pool::Connection> connection = driver.open();

  Result<QueryResult> run(const std::string& sql) { return driver.run(*connection, sql); }
  std::string value(const std::string& sql) { return driver.value(*connection, sql); }
  /// Starts it, and turns the loop until the server runs it.
  std::unique_ptr<SessionDriver::Ran> start_and_see(const std::string& sql) {
    const std::string pid = value("SELECT pg_backend_pid()");
    auto ran = driver.start(*connection, statement(sql));
    EXPECT_TRUE(driver.turn_until([&] {
      return server().value(
                 "SELECT wait_event FROM pg_stat_activity WHERE state = 'active' AND pid = " +
                 pid) == "PgSleep";
    }));
    return ran;
  }
};

TEST_F(Faults, ACancelEndsTheStatement) {
  auto ran = start_and_see("SELECT pg_sleep(30)");
  connection->cancel();
  connection->cancel();
  const auto result = driver.finish(*ran);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kCancelled);
  EXPECT_EQ(result.error().sqlstate(), "57014");
  EXPECT_EQ(result.error().outcome, Outcome::kRolledBack);
  EXPECT_TRUE(connection->needs_reset(ResetPolicy::kNever));
  ASSERT_TRUE(driver.reset(*connection, ResetPolicy::kNever));
  EXPECT_FALSE(connection->needs_reset(ResetPolicy::kNever));
  EXPECT_EQ(value("SELECT 1"), "1");
}

TEST_F(Faults, ACancelRightAfterTheStartIsNotLost) {
  for (int i = 0; i < 20; ++i) {
    const auto started = std::chrono::steady_clock::now();
    auto ran = driver.start(
        *connection,
        statement(i % 2 ? "SELECT pg_sleep(30)" : "SELECT pg_sleep(30), " + std::to_string(i)));
    connection->cancel();
    const auto result = driver.finish(*ran);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::kCancelled) << result.error().message;
    EXPECT_LT(std::chrono::steady_clock::now() - started, 5s);
    ASSERT_TRUE(driver.reset(*connection));
  }
}

TEST_F(Faults, ACancelThatComesBeforeItsStatementIsSentAgain) {
  const pid_t pid = std::stoi(value("SELECT pg_backend_pid()"));
  ASSERT_TRUE(run("SELECT pg_sleep(0), 'prepared'"));
  const std::string sql = "SELECT pg_sleep(30), 'prepared'";
  auto known = driver.start(*connection, statement(sql));
  driver.turn_for(20ms);
  connection->cancel();
  ASSERT_FALSE(driver.finish(*known));
  ASSERT_TRUE(driver.reset(*connection));
  ::kill(pid, SIGSTOP);
  auto ran = driver.start(*connection, statement(sql));
  connection->cancel();  // meets a backend that has not read its statement yet
  driver.turn_for(30ms);
  ::kill(pid, SIGCONT);
  const auto result = driver.finish(*ran);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kCancelled);
}

TEST_F(Faults, ALateCancelNeverHitsTheNextStatement) {
  int cancelled = 0;
  for (int i = 0; i < 300; ++i) {
    auto ran = driver.start(*connection, statement("SELECT pg_sleep(0.002)"));
    driver.turn_for(std::chrono::milliseconds(i % 5));
    connection->cancel();
    cancelled += driver.finish(*ran) ? 0 : 1;
    ASSERT_TRUE(driver.reset(*connection));
    const auto next = run("SELECT pg_sleep(0.001), " + std::to_string(i));
    ASSERT_TRUE(next) << "round " << i << ": " << next.error().message;
  }
  EXPECT_GT(cancelled, 0);
}

TEST_F(Faults, ACancelWhileNothingRunsDoesNothing) {
  connection->cancel();
  EXPECT_FALSE(connection->needs_reset(ResetPolicy::kNever));
  EXPECT_EQ(value("SELECT 1"), "1");
}

TEST_F(Faults, WithoutAFreeCancelThreadTheSocketIsShutDown) {
  PrivatePostgres other;
  SessionDriver few({.cancel_threads = 2});
  auto one = few.open(other.target());
  auto two = std::move(*few.connect_again());
  auto slow_one = few.start(*one, statement("SELECT pg_sleep(30)"));
  auto slow_two = few.start(*two, statement("SELECT pg_sleep(30)"));
  few.turn_for(50ms);
  other.freeze();
  one->cancel();  // takes this database's half of the threads, and the server does not answer
  two->cancel();
  const auto result = few.finish(*slow_two);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kDatabaseUnavailable);
  EXPECT_EQ(result.error().fault, Fault::kOverload) << "our own limit is no fault of the database";
  EXPECT_TRUE(two->broken());
  EXPECT_FALSE(slow_one->completion);
  other.thaw();
  EXPECT_EQ(few.finish(*slow_one).error().code, ErrorCode::kCancelled);
}

TEST_F(Faults, AnAbandonedStatementEndsAtOnceThoughTheServerIsFrozen) {
  PrivatePostgres other;
  auto frozen = driver.open(other.target());
  ASSERT_TRUE(driver.run(*frozen, "CREATE TABLE t (id int)"));
  for (const bool reads : {true, false}) {
    auto fresh = std::move(*driver.connect_again());
    other.freeze();
    auto ran =
        driver.start(*fresh, statement(reads ? "SELECT * FROM t" : "INSERT INTO t VALUES (1)"));
    driver.turn_for(5ms);
    fresh->abandon();
    EXPECT_FALSE(ran->completion);
    const auto result = driver.finish(*ran);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::kDatabaseUnavailable);
    EXPECT_EQ(result.error().fault, Fault::kDatabase);
    EXPECT_TRUE(fresh->broken());
    EXPECT_FALSE(driver.reset(*fresh));
    other.thaw();
  }
}

TEST_F(Faults, AStatementThatIsLostInFlightIsJudgedByWhatItMayHaveDone) {
  struct Case {
    const char* sql;
    Outcome outcome;
    bool retryable;
  };
  server().run("CREATE TABLE lost (id int)");
  for (const Case& each :
       {Case{"SELECT pg_sleep(30)", Outcome::kUnknown, true},
        Case{"INSERT INTO lost SELECT 1 FROM pg_sleep(30)", Outcome::kUnknown, false}}) {
    connection = driver.open();
    const std::string pid = value("SELECT pg_backend_pid()");
    auto ran = start_and_see(each.sql);
    server().kill_backend(std::stoi(pid));
    const auto result = driver.finish(*ran);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::kDatabaseUnavailable);
    EXPECT_EQ(result.error().fault, Fault::kDatabase);
    EXPECT_EQ(result.error().outcome, each.outcome) << each.sql;
    EXPECT_EQ(result.error().retryable, each.retryable) << each.sql;
    EXPECT_TRUE(connection->broken());
  }
  server().run("DROP TABLE lost");
}

TEST_F(Faults, ATerminatedStatementIsKnownToBeRolledBack) {
  const std::string pid = value("SELECT pg_backend_pid()");
  auto ran = start_and_see("CREATE TABLE never AS SELECT 1 FROM pg_sleep(30)");
  server().run("SELECT pg_terminate_backend(" + pid + ")");
  const auto result = driver.finish(*ran);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kDatabaseUnavailable);
  EXPECT_EQ(result.error().sqlstate(), "57P01");
  EXPECT_EQ(result.error().fault, Fault::kDatabase);
  EXPECT_EQ(result.error().outcome, Outcome::kRolledBack);
  EXPECT_TRUE(result.error().retryable);
}

TEST_F(Faults, AServerThatEndsAmongTheRowsIsNoticedWhereverItIs) {
  for (int last = 500; last <= 10'000; last += 500) {
    connection = driver.open();
    const auto result =
        driver.run(*connection, "SELECT n, CASE n WHEN " + std::to_string(last) +
                                    " THEN pg_terminate_backend(pg_backend_pid()) END FROM"
                                    " generate_series(1, 20000) n");
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().sqlstate(), "57P01") << last;
    EXPECT_TRUE(connection->broken());
  }
}

TEST_F(Faults, AnIdleConnectionThatIsTerminatedTellsAtOnce) {
  const std::string pid = value("SELECT pg_backend_pid()");
  int told = 0;
  connection->on_idle_broken([&] {
    ++told;
    connection.reset();  // as the pool does
  });
  server().run("SELECT pg_terminate_backend(" + pid + ")");
  EXPECT_TRUE(driver.turn_until([&] { return told > 0; }));
  driver.turn_for(20ms);
  EXPECT_EQ(told, 1);
}

TEST_F(Faults, AnIdleConnectionWhoseBackendIsKilledTells) {
  const std::string pid = value("SELECT pg_backend_pid()");
  bool told = false;
  connection->on_idle_broken([&] { told = true; });
  server().kill_backend(std::stoi(pid));
  EXPECT_TRUE(driver.turn_until([&] { return told; }));
  EXPECT_TRUE(connection->broken());
}

TEST_F(Faults, APingOrAResetThatIsLostInFlightSpeaksAgainstTheDatabase) {
  for (const bool ping : {true, false}) {
    connection = driver.open();
    const int pid = std::stoi(value("SELECT pg_backend_pid()"));
    ASSERT_EQ(::kill(pid, SIGSTOP), 0);
    std::optional<Status> ended;
    const auto keep = [&](Status status) { ended = std::move(status); };
    ping ? connection->ping(keep) : connection->reset(ResetPolicy::kAlways, keep);
    driver.turn_for(20ms);
    server().kill_backend(pid);
    ASSERT_TRUE(driver.turn_until([&] { return ended.has_value(); }));
    ASSERT_FALSE(*ended);
    EXPECT_EQ(ended->error().code, ErrorCode::kDatabaseUnavailable) << ended->error().message;
    EXPECT_EQ(ended->error().fault, Fault::kDatabase);
    EXPECT_TRUE(connection->broken());
  }
}

TEST_F(Faults, ANoticeOrAChangedSettingDoesNotBreakAnIdleConnection) {
  bool told = false;
  connection->on_idle_broken([&] { told = true; });
  server().run("ALTER SYSTEM SET application_name = 'reloaded'");
  server().run("SELECT pg_reload_conf()");
  driver.turn_for(200ms);
  EXPECT_FALSE(told);
  EXPECT_FALSE(connection->broken());
  EXPECT_EQ(value("DO $$ BEGIN RAISE NOTICE 'heard'; END $$"), "no row");
  server().run("ALTER SYSTEM RESET application_name");
  server().run("SELECT pg_reload_conf()");
}

TEST_F(Faults, DestroyingAConnectionInMidStatementCallsNobody) {
  auto ran = driver.start(*connection, statement("SELECT pg_sleep(0.2), generate_series(1, 1000)"));
  driver.turn_for(5ms);
  connection->cancel();
  connection.reset();
  driver.turn_for(400ms);
  EXPECT_FALSE(ran->completion);
}

TEST_F(Faults, AConnectionMayBeDestroyedByItsOwnCompletion) {
  KeepingSink sink;
  bool done = false;
  connection->execute(statement("SELECT 1"), {}, sink, [&](auto) {
    done = true;
    connection.reset();
  });
  EXPECT_TRUE(driver.turn_until([&] { return done; }));
  connection = driver.open();
  done = false;
  Query cut = statement("SELECT generate_series(1, 100000)");
  cut.max_rows = 1;
  connection->execute(cut, {}, sink, [&](auto) {
    done = true;
    connection.reset();
  });
  EXPECT_TRUE(driver.turn_until([&] { return done; }));
  driver.turn_for(20ms);
}

TEST_F(Faults, ClosingDuringACutResultWaitsForTheBackendToo) {
  DatabaseOptions options;
  options.session.application_name = "cut and closed";
  auto cutting = driver.open(options);
  Query cut = statement("SELECT generate_series(1, 3000000)");
  cut.max_rows = 1;
  ASSERT_TRUE(driver.run(*cutting, cut));
  ASSERT_TRUE(driver.close(*cutting));
  EXPECT_EQ(server().backends("cut and closed"), 0);
}

}  // namespace
}  // namespace sluice::test
