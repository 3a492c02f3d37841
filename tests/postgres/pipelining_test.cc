// Batches: statements that are sent together on one connection.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "postgres/session_driver.h"

namespace sluice::test {
namespace {

class Pipelining : public OpenConnectionTest {
 protected:
  using Ran = std::unique_ptr<SessionDriver::Ran>;

  static Query with(const std::string& sql, Param param) {
    Query query;
    query.sql = sql;
    query.params = {std::move(param)};
    return query;
  }
  /// Lets the connection find out that a statement is short, which takes longer on a busy machine.
  void learn(const std::string& sql, const Param& param) {
    for (int i = 0; i < 10'000; ++i) {
      ASSERT_TRUE(driver.finish(*driver.start(*connection, with(sql, param))));
      const auto first = begin(with(sql, param));
      const bool known = joins(with(sql, param));
      ASSERT_TRUE(driver.finish(*first));
      if (known) return;
    }
    FAIL() << sql << " was never short";
  }
  bool joins(const Query& query, std::chrono::milliseconds timeout = {}) {
    return connection->may_join({query, {.timeout = timeout}});
  }
  /// The first of a batch.
  Ran begin(const Query& query) {
    driver.loop.refresh_now();
    return driver.start(*connection, query, {.first_of_batch = true});
  }
  Ran start(const Query& query) { return driver.start(*connection, query); }

  const std::string echo = "SELECT $1::text";
};

TEST_F(Pipelining, EachGetsItsOwnRowsInTheOrderOfSending) {
  learn(echo, "x");
  std::vector<Ran> runs;
  runs.push_back(begin(with(echo, "0")));
  // A slow machine makes for small batches.
  for (int i = 1; i < 50 && joins(with(echo, std::to_string(i))); ++i) {
    runs.push_back(start(with(echo, std::to_string(i))));
  }
  ASSERT_GT(runs.size(), 1U);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const auto result = driver.finish(*runs[i]);
    ASSERT_TRUE(result) << result.error().message;
    ASSERT_EQ(result->rows.size(), 1U);
    EXPECT_EQ(result->rows[0][0], std::to_string(i));
    EXPECT_EQ(result->completion.rows, 1);
  }
  EXPECT_EQ(value("SELECT 'after'"), "after");
  EXPECT_FALSE(connection->needs_reset(ResetPolicy::kDirty));
}

TEST_F(Pipelining, OnlyShortReadsThatAreKnownJoinTheirLike) {
  EXPECT_FALSE(joins(with(echo, "x"))) << "nothing runs";
  const auto unknown = begin(with(echo, "x"));
  EXPECT_FALSE(joins(with(echo, "x"))) << "what runs is not known";
  ASSERT_TRUE(driver.finish(*unknown));
  learn(echo, "x");
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(run("SELECT pg_sleep($1)", {0.01}));
    ASSERT_TRUE(run("SELECT set_config('my.word', $1, false)", {"x"}));
  }
  const auto by_itself = start(with(echo, "x"));
  EXPECT_FALSE(joins(with(echo, "y"))) << "it is no batch";
  ASSERT_TRUE(driver.finish(*by_itself));
  learn(echo, "x");
  const auto first = begin(with(echo, "x"));
  EXPECT_TRUE(joins(with(echo, "y")));
  EXPECT_FALSE(joins(with("SELECT 1 + $1::int", 1))) << "never seen";
  EXPECT_FALSE(joins(with("SELECT pg_sleep($1)", 0))) << "long";
  EXPECT_FALSE(joins(with("SELECT set_config('my.word', $1, false)", "y"))) << "not clean";
  Query forced = with(echo, "y");
  forced.params[0].type = "text";
  EXPECT_FALSE(joins(forced)) << "its type may have to be looked up";
  EXPECT_FALSE(joins(with(echo, "y"), std::chrono::seconds(1))) << "another time limit";
  ASSERT_TRUE(driver.finish(*first));
  EXPECT_FALSE(joins(with(echo, "y"))) << "it has been sent";
  const auto sleeping = begin(with("SELECT pg_sleep($1)", 0.01));
  EXPECT_FALSE(joins(with(echo, "y"))) << "what runs is long";
  ASSERT_TRUE(driver.finish(*sleeping));
}

TEST_F(Pipelining, SettingsAreThoseOfTheWholeBatch) {
  const std::string limits =
      "SELECT current_setting('statement_timeout') || current_setting('transaction_read_only') || "
      "$1";
  Query query = with(limits, "!");
  const pool::ExecuteOptions options{.timeout = std::chrono::seconds(7), .first_of_batch = true};
  for (int i = 0; i < 1'000 && !joins(query, std::chrono::seconds(7)); ++i) {
    ASSERT_TRUE(driver.finish(*driver.start(*connection, query, {.timeout = options.timeout})));
    const auto first = driver.start(*connection, query, options);
    if (!joins(query, std::chrono::seconds(7))) {
      ASSERT_TRUE(driver.finish(*first));
      continue;
    }
    const auto second = driver.start(*connection, query, {.timeout = options.timeout});
    EXPECT_EQ(driver.finish(*first)->rows[0][0], "7son!");
    EXPECT_EQ(driver.finish(*second)->rows[0][0], "7son!");
    EXPECT_EQ(value("SELECT current_setting('transaction_read_only')"), "off");
    return;
  }
  FAIL() << "it was never short";
}

TEST_F(Pipelining, AnErrorTakesThoseBehindItAlong) {
  const std::string quotient = "SELECT 10 / $1::int";
  learn(quotient, 1);
  const auto first = begin(with(quotient, 2));
  const auto wrong = start(with(quotient, 0));
  const auto last = start(with(quotient, 5));
  EXPECT_EQ(driver.finish(*first)->rows[0][0], "5");
  const auto failed = driver.finish(*wrong);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().sqlstate(), "22012");
  const auto skipped = driver.finish(*last);
  ASSERT_FALSE(skipped);
  EXPECT_EQ(skipped.error().code, ErrorCode::kDatabaseUnavailable);
  EXPECT_EQ(skipped.error().outcome, Outcome::kNotStarted);
  EXPECT_TRUE(skipped.error().retryable);
  const auto again = begin(with(quotient, 5));
  EXPECT_FALSE(joins(with(quotient, 2))) << "what has failed must be short once more by itself";
  EXPECT_EQ(driver.finish(*again)->rows[0][0], "2");
}

TEST_F(Pipelining, WhatWritesAllTheSameIsNotRunInABatch) {
  for (const char* sql : {"CREATE TABLE IF NOT EXISTS bumped (a int)", "TRUNCATE bumped",
                          "CREATE OR REPLACE FUNCTION bump() RETURNS int LANGUAGE sql AS "
                          "'INSERT INTO bumped VALUES (1) RETURNING a'",
                          "CREATE OR REPLACE VIEW bumping AS SELECT bump() AS a"}) {
    ASSERT_TRUE(run(sql)) << sql;
  }
  const std::string hidden = "SELECT a FROM bumping WHERE $1::int = 1";
  learn(echo, "x");
  Ran first;
  int written = -1;
  do {  // until it was short enough, by itself
    ++written;
    if (first) {
      ASSERT_TRUE(driver.finish(*first));
    }
    ASSERT_TRUE(driver.finish(*start(with(hidden, 1))));
    first = begin(with(echo, "x"));
  } while (!joins(with(hidden, 1)));
  ++written;
  const auto second = start(with(hidden, 1));
  EXPECT_EQ(driver.finish(*first)->rows[0][0], "x");
  const auto refused = driver.finish(*second);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().outcome, Outcome::kNotStarted);
  EXPECT_TRUE(refused.error().retryable);
  EXPECT_EQ(value("SELECT count(*) FROM bumped"), std::to_string(written));
  const auto again = begin(with(echo, "x"));
  EXPECT_FALSE(joins(with(hidden, 1))) << "it is remembered";
  ASSERT_TRUE(driver.finish(*again));
  EXPECT_TRUE(driver.finish(*start(with(hidden, 1)))) << "by itself it may";
}

TEST_F(Pipelining, WhatIsRefusedBeforeItIsSentConcernsNobody) {
  const std::string quotient = "SELECT 10 / $1::int";
  learn(quotient, 1);
  const auto refused = begin(with(quotient, std::string("a\0b", 3)));
  const auto second = start(with(quotient, 2));
  const auto also_refused = start(with(quotient, std::string("a\0b", 3)));
  const auto last = start(with(quotient, 5));
  EXPECT_EQ(driver.finish(*refused).error().code, ErrorCode::kInvalidRequest);
  EXPECT_EQ(driver.finish(*second)->rows[0][0], "5");
  EXPECT_EQ(driver.finish(*also_refused).error().code, ErrorCode::kInvalidRequest);
  EXPECT_EQ(driver.finish(*last)->rows[0][0], "2");
  EXPECT_EQ(value("SELECT 'after'"), "after");
}

TEST_F(Pipelining, ALimitCutsOneResultAndNotTheNext) {
  const std::string many = "SELECT generate_series(1, $1::int)";
  learn(many, 5);
  driver.loop.refresh_now();
  const auto cut = std::make_unique<SessionDriver::Ran>();
  cut->sink.too_large_at = 3;
  driver.start_on(*connection, with(many, 200), {.first_of_batch = true}, *cut);
  const auto next = start(with(many, 2));
  const auto refused = driver.finish(*cut);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kResultTooLarge);
  EXPECT_EQ(driver.finish(*next)->rows.size(), 2U);
}

TEST_F(Pipelining, ACancelEndsWhatRunsAndWhatFollows) {
  const std::string locked = "SELECT count(*)::int FROM waited_for WHERE a = $1";
  const auto other = driver.open();
  ASSERT_TRUE(driver.run(*other, "CREATE TABLE IF NOT EXISTS waited_for (a int)"));
  learn(locked, 1);
  learn(echo, "x");
  Query lock;
  lock.sql = "DO $$ BEGIN LOCK TABLE waited_for; PERFORM pg_sleep(1); END $$";
  const auto holder = driver.start(*other, lock);
  driver.turn_for(std::chrono::milliseconds(100));
  const auto first = begin(with(echo, "early"));
  const auto stuck = start(with(locked, 1));
  const auto last = start(with(echo, "late"));
  driver.turn_for(std::chrono::milliseconds(50));
  connection->cancel();
  EXPECT_EQ(driver.finish(*first)->rows[0][0], "early");
  EXPECT_EQ(driver.finish(*stuck).error().sqlstate(), "57014");
  EXPECT_EQ(driver.finish(*last).error().outcome, Outcome::kNotStarted);
  EXPECT_TRUE(connection->needs_reset(ResetPolicy::kDirty));
  (void)driver.finish(*holder);
  ASSERT_TRUE(driver.run(*other, "DROP TABLE waited_for"));
}

/// The server forgets a statement, or its tables change, while several wait for it.
class PipeliningRepair : public Pipelining {
 protected:
  void SetUp() override {
    for (const char* sql : {"DROP TABLE IF EXISTS reshaped", "CREATE TABLE reshaped (a int, b int)",
                            "INSERT INTO reshaped VALUES (1, 2)"}) {
      ASSERT_TRUE(driver.run(*other, sql));
    }
    learn(read, 1);
  }
  void TearDown() override { ASSERT_TRUE(driver.run(*other, "DROP TABLE reshaped")); }
  /// A batch does not prepare anew: all must be sent again.
  void expect_all_skipped() {
    std::vector<Ran> runs;
    runs.push_back(begin(with(read, 1)));
    for (int i = 0; i < 4; ++i) runs.push_back(start(with(read, 1)));
    for (const auto& each : runs) {
      const auto result = driver.finish(*each);
      ASSERT_FALSE(result);
      EXPECT_EQ(result.error().outcome, Outcome::kNotStarted);
      EXPECT_TRUE(result.error().retryable);
    }
  }
  void expect(const std::vector<std::optional<std::string>>& row) {
    const auto result = driver.finish(*start(with(read, 1)));
    ASSERT_TRUE(result) << result.error().message;
    ASSERT_EQ(result->rows.size(), 1U);
    EXPECT_EQ(result->rows[0], row);
    EXPECT_EQ(result->columns.size(), row.size());
    EXPECT_EQ(value("SELECT 'after'"), "after");
  }

  std::unique_ptr<pool::Connection> other = driver.open();
  const std::string read = "SELECT * FROM reshaped WHERE a = $1";
};

TEST_F(PipeliningRepair, NoneRunsWhenTheTableHasChanged) {
  ASSERT_TRUE(driver.run(*other, "ALTER TABLE reshaped ADD COLUMN c int DEFAULT 3"));
  expect_all_skipped();
  expect({"1", "2", "3"});
}

TEST_F(PipeliningRepair, NoneRunsWhenTheServerHasForgottenTheStatement) {
  ASSERT_TRUE(run("DO $$ BEGIN EXECUTE 'DEALLOCATE ALL'; END $$"));
  expect_all_skipped();
  expect({"1", "2"});
}

TEST_F(Pipelining, EverybodyHearsOfALostConnection) {
  learn(echo, "x");
  std::vector<Ran> runs;
  runs.push_back(begin(with(echo, "x")));
  for (int i = 0; i < 2; ++i) runs.push_back(start(with(echo, "x")));
  connection->abandon();
  for (const auto& each : runs) {
    const auto result = driver.finish(*each);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::kDatabaseUnavailable);
    EXPECT_TRUE(result.error().retryable) << "a read";
  }
  EXPECT_TRUE(connection->broken());
}

TEST_F(Pipelining, ADestroyedConnectionTellsNobody) {
  learn(echo, "x");
  const auto one = begin(with(echo, "x"));
  const auto two = start(with(echo, "y"));
  connection.reset();
  driver.turn_for(std::chrono::milliseconds(20));
  EXPECT_FALSE(one->completion);
  EXPECT_FALSE(two->completion);
}

TEST_F(Pipelining, ABatchMayBeSentFromInsideAnAnswer) {
  learn(echo, "x");
  KeepingSink sink;
  int done = 0;
  const Query query = with(echo, "z");
  const std::function<void(Result<Completion>)> count = [&](const Result<Completion>& result) {
    EXPECT_TRUE(result);
    ++done;
  };
  KeepingSink outer;
  driver.loop.refresh_now();
  connection->execute(query, {.first_of_batch = true}, outer, [&](const Result<Completion>&) {
    connection->execute(query, {.first_of_batch = true}, sink, count);
    EXPECT_TRUE(joins(query));
    for (int i = 0; i < 3; ++i) connection->execute(query, {}, sink, count);
  });
  ASSERT_TRUE(driver.turn_until([&] { return done == 4; }));
  EXPECT_EQ(sink.result.rows.size(), 4U);
}

}  // namespace
}  // namespace sluice::test
