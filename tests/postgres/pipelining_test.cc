// Statements that are sent behind others on the same connection.
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
      const auto running = start(with(sql, param));
      const bool known = joins(with(sql, param));
      ASSERT_TRUE(driver.finish(*running));
      if (known) return;
    }
    FAIL() << sql << " was never short";
  }
  bool joins(const Query& query) { return connection->may_join({query, {}}); }
  Ran start(const Query& query) { return driver.start(*connection, query); }

  const std::string echo = "SELECT $1::text";
};

TEST_F(Pipelining, EachGetsItsOwnRowsInTheOrderOfSending) {
  learn(echo, "x");
  std::vector<Ran> runs;
  for (int i = 0; i < 50; ++i) {
    const Query query = with(echo, std::to_string(i));
    ASSERT_EQ(joins(query), i > 0);
    runs.push_back(start(query));
  }
  for (int i = 0; i < 50; ++i) {
    const auto result = driver.finish(*runs[static_cast<std::size_t>(i)]);
    ASSERT_TRUE(result) << result.error().message;
    ASSERT_EQ(result->rows.size(), 1U);
    EXPECT_EQ(result->rows[0][0], std::to_string(i));
    EXPECT_EQ(result->completion.rows, 1);
  }
  EXPECT_EQ(value("SELECT 'after'"), "after");
  EXPECT_FALSE(connection->needs_reset(ResetPolicy::kDirty));
}

TEST_F(Pipelining, OnlyShortReadsThatAreKnownJoinTheirLike) {
  const std::string quotient = "SELECT 10 / $1::int";
  EXPECT_FALSE(joins(with(echo, "x"))) << "nothing runs";
  const auto unknown = start(with(echo, "x"));
  EXPECT_FALSE(joins(with(echo, "x"))) << "what runs is not known";
  ASSERT_TRUE(driver.finish(*unknown));
  learn(echo, "x");
  learn(quotient, 1);
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(run("SELECT pg_sleep($1)", {0.01}));
    ASSERT_TRUE(run("SELECT set_config('my.word', $1, false)", {"x"}));
  }
  const auto running = start(with(echo, "x"));
  EXPECT_TRUE(joins(with(echo, "y")));
  EXPECT_FALSE(joins(with("SELECT 1 + $1::int", 1))) << "never seen";
  EXPECT_FALSE(joins(with("SELECT pg_sleep($1)", 0))) << "long";
  EXPECT_FALSE(joins(with("SELECT set_config('my.word', $1, false)", "y"))) << "not clean";
  Query forced = with(echo, "y");
  forced.params[0].type = "text";
  EXPECT_FALSE(joins(forced)) << "its type may have to be looked up";
  ASSERT_TRUE(driver.finish(*running));
  const auto sleeping = start(with("SELECT pg_sleep($1)", 0.01));
  EXPECT_FALSE(joins(with(echo, "y"))) << "what runs is long";
  ASSERT_TRUE(driver.finish(*sleeping));
}

TEST_F(Pipelining, AnErrorConcernsItsOwnStatementAlone) {
  const std::string quotient = "SELECT 10 / $1::int";
  learn(quotient, 1);
  const auto first = start(with(quotient, 2));
  const auto wrong = start(with(quotient, 0));
  const auto refused = start(with(quotient, std::string("a\0b", 3)));
  const auto last = start(with(quotient, 5));
  EXPECT_EQ(driver.finish(*first)->rows[0][0], "5");
  const auto failed = driver.finish(*wrong);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().sqlstate(), "22012");
  const auto invalid = driver.finish(*refused);
  ASSERT_FALSE(invalid);
  EXPECT_EQ(invalid.error().code, ErrorCode::kInvalidRequest);
  EXPECT_EQ(driver.finish(*last)->rows[0][0], "2");
}

TEST_F(Pipelining, ALimitCutsOneResultAndNotTheNext) {
  const std::string many = "SELECT generate_series(1, $1::int)";
  learn(many, 5);
  const auto cut = std::make_unique<SessionDriver::Ran>();
  cut->sink.too_large_at = 3;
  driver.start_on(*connection, with(many, 200), {}, *cut);
  const auto next = start(with(many, 2));
  const auto refused = driver.finish(*cut);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kResultTooLarge);
  EXPECT_EQ(driver.finish(*next)->rows.size(), 2U);
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
  void expect_all(const std::vector<std::optional<std::string>>& row) {
    std::vector<Ran> runs;
    for (int i = 0; i < 5; ++i) runs.push_back(start(with(read, 1)));
    for (const auto& each : runs) {
      const auto result = driver.finish(*each);
      ASSERT_TRUE(result) << result.error().message;
      ASSERT_EQ(result->rows.size(), 1U);
      EXPECT_EQ(result->rows[0], row);
      EXPECT_EQ(result->columns.size(), row.size());
    }
    EXPECT_EQ(value("SELECT 'after'"), "after");
  }

  std::unique_ptr<pool::Connection> other = driver.open();
  const std::string read = "SELECT * FROM reshaped WHERE a = $1";
};

TEST_F(PipeliningRepair, AllAreRepeatedWhenTheTableHasChanged) {
  ASSERT_TRUE(driver.run(*other, "ALTER TABLE reshaped ADD COLUMN c int DEFAULT 3"));
  expect_all({"1", "2", "3"});
}

TEST_F(PipeliningRepair, AllAreRepeatedWhenTheServerHasForgottenTheStatement) {
  ASSERT_TRUE(run("DO $$ BEGIN EXECUTE 'DEALLOCATE ALL'; END $$"));
  expect_all({"1", "2"});
}

TEST_F(Pipelining, EverybodyHearsOfALostConnection) {
  learn(echo, "x");
  std::vector<Ran> runs;
  for (int i = 0; i < 3; ++i) runs.push_back(start(with(echo, "x")));
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
  const auto one = start(with(echo, "x"));
  const auto two = start(with(echo, "y"));
  connection.reset();
  driver.turn_for(std::chrono::milliseconds(20));
  EXPECT_FALSE(one->completion);
  EXPECT_FALSE(two->completion);
}

TEST_F(Pipelining, MoreMayBeSentFromInsideAnAnswer) {
  learn(echo, "x");
  struct Chain {
    KeepingSink sink;
    int done = 0;
  } chain;
  const Query query = with(echo, "z");
  std::function<void(Result<Completion>)> again = [&](Result<Completion> result) {
    ASSERT_TRUE(result);
    if (++chain.done < 100) connection->execute(query, {}, chain.sink, again);
  };
  driver.loop.refresh_now();
  for (int i = 0; i < 4; ++i) connection->execute(query, {}, chain.sink, again);
  ASSERT_TRUE(driver.turn_until([&] { return chain.done >= 103; }));
  EXPECT_EQ(chain.sink.result.rows.size(), 103U);
  for (const auto& row : chain.sink.result.rows) EXPECT_EQ(row[0], "z");
}

}  // namespace
}  // namespace sluice::test
