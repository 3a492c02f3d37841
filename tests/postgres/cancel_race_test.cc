// Cancels that race with the end of their statement, thousands of times: the next statement on the
// connection must never be the one that is hit.
#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <random>
#include <string>
#include <utility>

#include "postgres/session_driver.h"
#include "support/sanitized.h"

namespace sluice::test {
namespace {

constexpr int kRaces = testing::kSanitized ? 300 : 1'000;

/// Cancelled at about the moment when it ends by itself.
class CancelRace : public OpenConnectionTest {
 protected:
  using Microseconds = std::chrono::microseconds;

  void race(const std::function<void()>& begin, const std::function<bool()>& ended) {
    begin();
    const auto cancel_at = std::chrono::steady_clock::now() +
                           Microseconds(std::uniform_int_distribution(0, 2'000)(random));
    EXPECT_TRUE(driver.turn_until(
        [&] { return ended() || std::chrono::steady_clock::now() >= cancel_at; }));
    connection->cancel();
    EXPECT_TRUE(driver.turn_until(ended));
  }

  /// Whether the cancel won.
  bool race_of_a_statement() {
    const auto ran = driver.start(*connection, statement("SELECT pg_sleep(0.001)"));
    race([] {}, [&] { return ran->completion.has_value(); });
    return !*ran->completion;
  }

  bool race_of_a_transaction() {
    const Query begin = statement("BEGIN");
    const Query sleep = statement("SELECT pg_sleep(0.0005)");
    const Query end = statement("COMMIT");
    pool::TransactionOrder order{{{begin, true}, {sleep, false}, {sleep, false}, {end, true}},
                                 true,
                                 [](const Completion&) {}};
    KeepingSink sink;
    std::optional<Result<Completion>> done;
    race(
        [&] {
          driver.loop.refresh_now();
          connection->transact(order, {}, sink,
                               [&](auto result) { done.emplace(std::move(result)); });
        },
        [&] { return done.has_value(); });
    return !*done;
  }

  void settle() {
    std::optional<Status> settled;
    connection->settle([&](Status status) { settled.emplace(std::move(status)); });
    ASSERT_TRUE(driver.turn_until([&] { return settled.has_value(); }));
    ASSERT_TRUE(*settled) << settled->error().message;
  }

  std::minstd_rand random{7};
  int won = 0;
};

TEST_F(CancelRace, TheNextUserOfTheConnectionIsNeverHit) {
  for (int i = 0; i < kRaces; ++i) {
    won += i % 3 == 0 ? race_of_a_transaction() : race_of_a_statement();
    if (connection->needs_reset(ResetPolicy::kDirty)) {
      ASSERT_TRUE(driver.reset(*connection));
    }
    const auto next = run("SELECT 1");
    ASSERT_TRUE(next) << "race " << i << ": " << next.error().message;
  }
  EXPECT_GT(won, 0) << "the cancels must not all be late";
  EXPECT_LT(won, kRaces) << "nor all early";
  EXPECT_EQ(server().value("SELECT count(*) FROM pg_stat_activity WHERE state <> 'idle' AND "
                           "application_name = 'sluice'"),
            "0");
}

TEST_F(CancelRace, NorIsTheNextStatementOfASession) {
  ASSERT_TRUE(run("CREATE TEMP TABLE kept AS SELECT 1 AS a"));
  for (int i = 0; i < kRaces; ++i) {
    won += race_of_a_statement();
    if (connection->unsettled()) settle();
    const auto next = run("SELECT a FROM kept");
    ASSERT_TRUE(next) << "race " << i << ": " << next.error().message;
  }
  EXPECT_GT(won, 0);
  EXPECT_LT(won, kRaces);
}

TEST_F(CancelRace, SettlingLeavesATransactionOpen) {
  const auto in_session = [&](const std::string& sql) {
    return driver.run(*connection, statement(sql), {.in_session = true});
  };
  ASSERT_TRUE(in_session("BEGIN"));
  ASSERT_TRUE(in_session("SAVEPOINT here"));
  auto sleeping = driver.start(*connection, statement("SELECT pg_sleep(30)"), {.in_session = true});
  driver.turn_for(std::chrono::milliseconds(20));
  connection->cancel();
  ASSERT_FALSE(driver.finish(*sleeping));
  settle();
  EXPECT_TRUE(connection->in_transaction());
  ASSERT_TRUE(in_session("ROLLBACK TO here"));
  ASSERT_TRUE(in_session("COMMIT"));
  EXPECT_FALSE(connection->in_transaction());
}

}  // namespace
}  // namespace sluice::test
