// Transactions: several statements in as few round trips as can be, with the same results as if
// they were sent one by one. A proxy counts the trips.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "postgres/session_driver.h"
#include "postgres/start_up_proxy.h"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

Query with(const std::string& sql, std::vector<Param> params) {
  Query query;
  query.sql = sql;
  query.params = std::move(params);
  return query;
}

class Transactions : public testing::Test {
 protected:
  struct Ran {
    std::vector<Completion> parts;  ///< without BEGIN
    std::optional<Result<Completion>> end;
    KeepingSink sink;  ///< the rows of all of them

    [[nodiscard]] bool committed() const { return end && *end; }
    [[nodiscard]] const Error& error() const { return end->error(); }
    /// Of the statement that failed, from 0.
    [[nodiscard]] std::size_t failed() const { return parts.size(); }
  };

  Transactions() {
    run("DROP TABLE IF EXISTS entries, made CASCADE");
    run("CREATE TABLE entries (n int CHECK (n < 100), word text)");
    connection = driver.open(through_proxy());
  }

  Target through_proxy() {
    Target target = server().target();
    target.port = proxy.port();
    return target;
  }
  static void run(const std::string& sql) { server().run(sql); }
  static std::string count() { return server().value("SELECT count(*) FROM entries"); }

  std::unique_ptr<Ran> start(const std::vector<Query>& statements, bool keeps_nothing = false,
                             const std::string& end = "COMMIT") {
    auto ran = std::make_unique<Ran>();
    const Query begin = statement("BEGIN ISOLATION LEVEL READ COMMITTED");
    const Query ends = statement(end);
    pool::TransactionOrder order;
    order.parts.push_back({begin, true});
    for (const Query& one : statements) order.parts.push_back({one, false});
    order.parts.push_back({ends, true});
    order.keeps_nothing = keeps_nothing;
    order.part_done = [&ran = *ran, begun = false](const Completion& completion) mutable {
      if (std::exchange(begun, true)) ran.parts.push_back(completion);
    };
    driver.loop.refresh_now();
    connection->transact(order, {.timeout = 30s}, ran->sink, [&ran = *ran](auto done) {
      EXPECT_FALSE(ran.end) << "ended twice";
      ran.end.emplace(std::move(done));
    });
    return ran;
  }
  void finish(Ran& ran) {
    ASSERT_TRUE(driver.turn_until([&] { return ran.end.has_value(); })) << "no answer";
  }
  std::unique_ptr<Ran> transact(const std::vector<Query>& statements, bool keeps_nothing = false,
                                const std::string& end = "COMMIT") {
    auto ran = start(statements, keeps_nothing, end);
    finish(*ran);
    if (!ran->committed()) {
      EXPECT_TRUE(driver.reset(*connection));
    }
    EXPECT_FALSE(connection->broken() || connection->in_transaction());
    return ran;
  }
  /// How many round trips it takes.
  int trips(const std::vector<Query>& statements, bool keeps_nothing = false) {
    const int before = proxy.round_trips();
    const auto ran = transact(statements, keeps_nothing);
    EXPECT_TRUE(ran->committed()) << ran->error().message;
    return proxy.round_trips() - before;
  }

  StartUpProxy proxy{server().port(), "refuses nothing", "", ""};
  SessionDriver driver;
  std::unique_ptr<pool::Connection> connection;

  const std::string insert = "INSERT INTO entries VALUES ($1, $2)";
  const std::string read = "SELECT n FROM entries WHERE n = $1";
};

TEST_F(Transactions, KnownWritesTakeOneRoundTripAndUnknownOnesTwo) {
  std::vector<Query> writes;
  for (int i = 0; i < 10; ++i) writes.push_back(with(insert, {i, "x"}));
  EXPECT_EQ(trips(writes), 2);
  EXPECT_EQ(trips(writes), 1);
  EXPECT_EQ(count(), "20");
  writes.push_back(with("UPDATE entries SET word = $1", {"y"}));
  writes.push_back(with("DELETE FROM entries WHERE n = $1", {3}));
  EXPECT_EQ(trips(writes), 2) << "all that is not known is asked for at once";
  EXPECT_EQ(trips(writes), 1);
}

TEST_F(Transactions, TheEndWaitsForAResultThatMayBeTooLarge) {
  const std::vector<Query> statements = {with(insert, {7, "x"}), with(read, {7}), with(read, {8})};
  EXPECT_EQ(trips(statements), 3) << "asked for, run, committed";
  EXPECT_EQ(trips(statements), 1) << "it was small";
  EXPECT_EQ(trips({with("SELECT n + $1::int FROM entries", {1})}, true), 2)
      << "nothing is kept whatever comes";
}

TEST_F(Transactions, EachPartGivesItsRowsAndItsCompletion) {
  const auto ran = transact({with(insert, {1, "a"}), with(insert, {2, nullptr}),
                             with("SELECT n, word FROM entries ORDER BY n", {}),
                             with("UPDATE entries SET n = n + 1 RETURNING n", {})});
  ASSERT_TRUE(ran->committed()) << ran->error().message;
  ASSERT_EQ(ran->parts.size(), 4U);
  EXPECT_EQ(ran->parts[1].affected, 1);
  EXPECT_EQ(ran->parts[2].command, "SELECT");
  EXPECT_EQ(ran->parts[2].rows, 2);
  EXPECT_EQ(ran->parts[3].affected, 2);
  EXPECT_EQ((*ran->end)->command, "COMMIT");
  ASSERT_EQ(ran->sink.result.rows.size(), 4U);
  EXPECT_EQ(ran->sink.result.rows[1][1], std::nullopt);
  EXPECT_EQ(ran->sink.result.rows[3][0], "3");
  EXPECT_EQ(ran->sink.columns_calls, 2);
}

TEST_F(Transactions, AStatementMayUseWhatAnEarlierOneMade) {
  const std::vector<Query> statements = {
      with("CREATE TABLE made (n int[])", {}),
      with("INSERT INTO made VALUES ($1)", {Param::array({1, 2})}), with("SELECT n FROM made", {}),
      with("DROP TABLE made", {})};
  const int before = proxy.round_trips();
  const auto ran = transact(statements);
  ASSERT_TRUE(ran->committed()) << ran->error().message;
  EXPECT_EQ(ran->sink.result.rows[0][0], "{1,2}");
  EXPECT_LE(proxy.round_trips() - before, 3) << "one by one it would be ten";
}

TEST_F(Transactions, WhatChangesTheMeaningOfLaterOnesIsRunBeforeTheyAreAsked) {
  run("DROP SCHEMA IF EXISTS other CASCADE; CREATE SCHEMA other; CREATE TABLE other.entries (n "
      "text[])");
  const auto ran = transact({with("SET LOCAL search_path = other", {}),
                             with("INSERT INTO entries VALUES ($1)", {Param::array({"a"})}),
                             with("SELECT n FROM entries", {})});
  ASSERT_TRUE(ran->committed()) << ran->error().message;
  EXPECT_EQ(ran->sink.result.rows[0][0], "{a}");
  const auto altered = transact({with("ALTER TABLE entries ALTER n TYPE text", {}),
                                 with("INSERT INTO entries(n) VALUES ($1)", {"not a number"})});
  EXPECT_FALSE(altered->committed()) << "the check is not for texts";
  const auto dropped =
      transact({with("ALTER TABLE entries DROP n", {}), with("ALTER TABLE entries ADD n json", {}),
                with("INSERT INTO entries(n) VALUES ($1)", {Param::array({1, 2})})});
  ASSERT_TRUE(dropped->committed()) << dropped->error().message;
}

TEST_F(Transactions, AQuestionThatComesTooEarlyIsAskedAgain) {
  run("CREATE OR REPLACE FUNCTION make() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
      "CREATE TABLE made (a int); RETURN NEW; END $$");
  run("CREATE TRIGGER makes AFTER INSERT ON entries FOR EACH ROW EXECUTE FUNCTION make()");
  const auto ran =
      transact({with(insert, {1, "x"}), with("INSERT INTO made VALUES ($1)", {5}),
                with("INSERT INTO made VALUES ($1)", {6}), with("SELECT sum(a) FROM made", {})});
  ASSERT_TRUE(ran->committed()) << ran->error().message;
  EXPECT_EQ(ran->sink.result.rows[0][0], "11");
}

TEST_F(Transactions, TheFirstThatFailsIsNamedAndNothingIsKept) {
  const auto good = with(insert, {1, "x"});
  const auto constraint = with(insert, {100, "x"});
  const auto mistake = with("SELEC 1", {});
  const auto division = with("SELECT 1 / $1::int", {0});
  const auto no_table = with("SELECT * FROM nothing", {});
  struct Case {
    std::vector<Query> statements;
    std::size_t index;
    std::string sqlstate;
  };
  for (int round = 0; round < 2; ++round) {
    const std::vector<Case> cases = {
        {{good, constraint, good}, 1, "23514"},
        {{good, good, mistake}, 2, "42601"},
        {{good, constraint, mistake}, 1, "23514"},
        {{mistake, constraint}, 0, "42601"},
        {{good, division, good}, 1, "22012"},
        {{good, no_table, good}, 1, "42P01"},
        {{constraint, no_table}, 0, "23514"},
        {{statement("CREATE TABLE made (a int)"), good, no_table, mistake}, 2, "42P01"},
        {{statement("CREATE TABLE made (a int)"), constraint, no_table}, 1, "23514"}};
    for (const Case& each : cases) {
      const auto ran = transact(each.statements);
      ASSERT_FALSE(ran->committed());
      EXPECT_EQ(ran->failed(), each.index) << each.sqlstate;
      EXPECT_EQ(ran->error().sqlstate(), each.sqlstate);
      EXPECT_EQ(ran->error().outcome, Outcome::kRolledBack);
    }
  }
  EXPECT_EQ(count(), "0");
  EXPECT_EQ(server().value("SELECT to_regclass('made')"), "");
}

TEST_F(Transactions, WhatMustNotBeSentFailsInItsTurn) {
  for (int round = 0; round < 2; ++round) {
    for (const Query& wrong :
         {with(insert, {1}), with(insert, {Param::array({1}), "x"}), statement("COMMIT"),
          statement("COPY entries FROM stdin"), with("SELECT $1", {std::string("a\0b", 3)})}) {
      const auto ran = transact({with(insert, {1, "x"}), wrong, with(insert, {2, "x"})});
      ASSERT_FALSE(ran->committed());
      EXPECT_EQ(ran->error().code, ErrorCode::kInvalidRequest) << ran->error().message;
      EXPECT_EQ(ran->failed(), 1U);
    }
  }
  EXPECT_EQ(count(), "0");
}

TEST_F(Transactions, ADeferredConstraintFailsAtTheEnd) {
  run("ALTER TABLE entries ADD UNIQUE (n) DEFERRABLE INITIALLY DEFERRED");
  for (int round = 0; round < 2; ++round) {
    const auto ran = transact({with(insert, {1, "x"}), with(insert, {1, "y"})});
    ASSERT_FALSE(ran->committed());
    EXPECT_EQ(ran->failed(), 2U);
    EXPECT_EQ(ran->error().sqlstate(), "23505");
    EXPECT_EQ(ran->error().outcome, Outcome::kRolledBack);
  }
  EXPECT_EQ(count(), "0");
}

TEST_F(Transactions, AResultThatIsTooLargeUndoesIt) {
  const std::string many = "SELECT generate_series(1, $1::int)";
  auto ran = start({with(insert, {1, "x"}), with(many, {1'000})});
  ran->sink.too_large_at = 10;
  finish(*ran);
  ASSERT_FALSE(ran->committed());
  EXPECT_EQ(ran->error().code, ErrorCode::kResultTooLarge);
  EXPECT_EQ(ran->failed(), 1U);
  ASSERT_TRUE(driver.reset(*connection));
  EXPECT_EQ(count(), "0");
}

TEST_F(Transactions, OneThatWasAlwaysSmallIsCutInsteadAndSaysSo) {
  const std::string many = "SELECT generate_series(1, $1::int)";
  EXPECT_EQ(trips({with(insert, {1, "x"}), with(many, {5})}), 3);
  auto ran = start({with(insert, {2, "x"}), with(many, {1'000})});
  ran->sink.too_large_at = 10;
  finish(*ran);
  ASSERT_TRUE(ran->committed());
  EXPECT_TRUE(ran->parts[1].truncated && ran->parts[1].committed);
  EXPECT_EQ(count(), "2");
}

TEST_F(Transactions, ADryRunKeepsNothing) {
  const auto ran = transact({with(insert, {1, "x"}), with(read, {1})}, true, "ROLLBACK");
  ASSERT_TRUE(ran->committed());
  EXPECT_EQ(ran->sink.result.rows.size(), 1U);
  EXPECT_EQ(count(), "0");
}

TEST_F(Transactions, TypesAreLookedUpWhereverTheyAreMade) {
  run("DROP TYPE IF EXISTS feeling CASCADE; CREATE TYPE feeling AS ENUM ('sad', 'ok')");
  const auto known =
      transact({with("SELECT $1::feeling", {"ok"}), with("SELECT 'sad'::feeling", {})});
  ASSERT_TRUE(known->committed()) << known->error().message;
  EXPECT_EQ(known->sink.result.columns[0].type, "feeling");
  Query forced = with("SELECT $1", {"ok"});
  forced.params[0].type = "made";
  const auto made = transact({with("CREATE TYPE made AS ENUM ('ok')", {}), forced,
                              with("SELECT 'ok'::made", {}), with("DROP TYPE made", {})});
  ASSERT_TRUE(made->committed()) << made->error().message;
  EXPECT_EQ(made->sink.result.columns[0].type, "made");
}

TEST_F(Transactions, WithoutAStatementCacheToo) {
  DatabaseOptions options;
  options.pool.statement_cache = 0;
  connection.reset();  // says goodbye, which the proxy would count
  const StartUpProxy other(server().port(), "refuses nothing", "", "");
  Target target = server().target();
  target.port = other.port();
  connection = driver.open(target, options);
  for (int round = 0; round < 2; ++round) {
    const int before = other.round_trips();
    const auto ran =
        transact({with(insert, {1, "x"}), with(insert, {2, "x"}), with(insert, {3, "x"})});
    ASSERT_TRUE(ran->committed()) << ran->error().message;
    EXPECT_EQ(other.round_trips() - before, 2);
  }
  EXPECT_EQ(count(), "6");
}

TEST_F(Transactions, NobodyMakesItAnotherKindOfTransaction) {
  Query read_only = statement("SET TRANSACTION READ WRITE");
  const Query begin = statement("BEGIN READ ONLY");
  const Query write = with(insert, {1, "x"});
  const Query end = statement("COMMIT");
  pool::TransactionOrder order{{{begin, true}, {read_only, false}, {write, false}, {end, true}},
                               true,
                               [](const Completion&) {}};
  KeepingSink sink;
  std::optional<Result<Completion>> ended;
  connection->transact(order, {.timeout = 30s}, sink,
                       [&](auto done) { ended.emplace(std::move(done)); });
  ASSERT_TRUE(driver.turn_until([&] { return ended.has_value(); }));
  EXPECT_FALSE(*ended);
  EXPECT_EQ(count(), "0");
}

TEST_F(Transactions, ACancelEndsAllOfIt) {
  for (int round = 0; round < 2; ++round) {
    auto ran =
        start({with(insert, {1, "x"}), with("SELECT pg_sleep($1)", {30}), with(insert, {2, "x"})});
    ASSERT_TRUE(driver.turn_until([&] {
      return server().value("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'") ==
             "1";
    }));
    connection->cancel();
    finish(*ran);
    ASSERT_FALSE(ran->committed());
    EXPECT_EQ(ran->error().code, ErrorCode::kCancelled);
    EXPECT_EQ(ran->failed(), 1U);
    ASSERT_TRUE(driver.reset(*connection));
  }
  EXPECT_EQ(count(), "0");
}

TEST_F(Transactions, WhatTheServerEndsIsUndone) {
  const auto ran =
      start({with(insert, {1, "x"}), with("SELECT pg_terminate_backend(pg_backend_pid())", {}),
             with(insert, {2, "x"})});
  finish(*ran);
  ASSERT_FALSE(ran->committed());
  EXPECT_EQ(ran->error().code, ErrorCode::kDatabaseUnavailable);
  EXPECT_EQ(ran->error().outcome, Outcome::kRolledBack);
  EXPECT_TRUE(connection->broken());
  EXPECT_EQ(count(), "0");
}

TEST_F(Transactions, WhoseEndWasSentAndNotAnsweredIsUnknown) {
  const std::vector<Query> writes = {with(insert, {1, "x"}),
                                     with("DELETE FROM entries WHERE pg_sleep($1) IS NULL", {0.5})};
  EXPECT_TRUE(transact(writes)->committed());
  auto ran = start(writes);
  driver.turn_for(50ms);
  connection->abandon();
  finish(*ran);
  ASSERT_FALSE(ran->committed());
  EXPECT_EQ(ran->error().outcome, Outcome::kUnknown);
  EXPECT_FALSE(ran->error().retryable);
}

TEST_F(Transactions, OneThatCannotBeginLeavesTheConnectionFitForOthers) {
  const Query begin = statement("BEGIN ISOLATION LEVEL NONE_OF_THESE");
  const Query one = statement("SELECT 1");
  const Query end = statement("COMMIT");
  pool::TransactionOrder order;
  order.parts.push_back({begin, true});
  order.parts.push_back({one, false});
  order.parts.push_back({end, true});
  order.part_done = [](const Completion&) {};
  Ran ran;
  connection->transact(order, {.timeout = 7s}, ran.sink,
                       [&ran](auto done) { ran.end.emplace(std::move(done)); });
  finish(ran);
  ASSERT_FALSE(ran.committed());
  EXPECT_EQ(ran.error().sqlstate(), "42601");
  ASSERT_TRUE(driver.reset(*connection));
  for (const bool read_only : {false, true}) {
    Query other = statement("SELECT 'seen for the first time'");
    other.read_only = read_only;
    const auto result = driver.run(*connection, other, {.timeout = 7s});
    EXPECT_TRUE(result) << result.error().message;
  }
}

}  // namespace
}  // namespace sluice::test
