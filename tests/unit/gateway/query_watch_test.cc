#include "gateway/query_watch.h"

#include <gtest/gtest.h>

#include "support/simulated_loop.h"

namespace sluice::gateway {
namespace {

using namespace std::chrono_literals;

class QueryWatchTest : public ::testing::Test {
 protected:
  /// A statement that succeeds after so long at the database.
  void succeed(const std::string& sql, std::chrono::milliseconds took) {
    Completion completion;
    completion.rows = 2;
    completion.timings = {5ms, 0ms, took};
    end(sql, completion);
  }
  void end(const std::string& sql, const Result<Completion>& result,
           std::chrono::milliseconds elapsed = 0ms) {
    const auto watched = watch.begin("orders", sql, &origin);
    watch.end(watched, {"orders", result, loop.now() - elapsed, loop.now()});
  }
  static Result<Completion> failure(ErrorCode code, Outcome outcome) {
    return fail({.code = code, .message = "no", .outcome = outcome});
  }
  std::vector<StatementFigures> statements(const StatementFilter& filter = {}) {
    std::vector<StatementFigures> found;
    watch.statements(filter, loop, [&found](auto figures) { found = std::move(figures); });
    loop.run_posted();
    return found;
  }

  manager::Origin origin{"alice", "127.0.0.1", "r1"};
  std::vector<std::string> told;
  testing::SimulatedLoop loop;
  QueryWatch watch{{&loop}, [this](const SlowQuery& slow) {
                     told.push_back(std::string(slow.db_id) + " " + std::string(slow.sql) + " " +
                                    std::to_string(slow.took.count() / 1000) + " ms " +
                                    (slow.error ? "failed " : "") +
                                    std::string(slow.origin->actor));
                   }};
};

TEST_F(QueryWatchTest, TellsOnlyOfSlowStatementsAndOnlyWhenAsked) {
  succeed("SELECT 1", 10s);
  watch.set_slow_after(100ms);
  loop.run_posted();
  succeed("SELECT 'secret'", 99ms);
  succeed("SELECT 'secret'", 100ms);
  EXPECT_EQ(told, std::vector<std::string>{"orders SELECT ? 100 ms alice"});
  watch.set_slow_after(0ms);
  loop.run_posted();
  succeed("SELECT 1", 10s);
  EXPECT_EQ(told.size(), 1u);
}

TEST_F(QueryWatchTest, AFailureThatTookLongIsSlowToo) {
  watch.set_slow_after(100ms);
  loop.run_posted();
  end("SELECT 1", failure(ErrorCode::kQueryTimeout, Outcome::kRolledBack), 150ms);
  EXPECT_EQ(told, std::vector<std::string>{"orders SELECT ? 150 ms failed alice"});
}

TEST_F(QueryWatchTest, CountsFailuresButNotRefusals) {
  end("SELECT x", failure(ErrorCode::kSqlError, Outcome::kNotStarted));
  end("SELECT x", failure(ErrorCode::kDatabaseUnavailable, Outcome::kUnknown));
  end("SELECT x", failure(ErrorCode::kBreakerOpen, Outcome::kNotStarted));
  end("SELECT x", failure(ErrorCode::kAcquireTimeout, Outcome::kNotStarted));
  ASSERT_EQ(statements().size(), 1u);
  EXPECT_EQ(statements()[0].calls, 2);
  EXPECT_EQ(statements()[0].errors, 2);
}

TEST_F(QueryWatchTest, GivesTheMostExpensiveFirst) {
  for (int i = 0; i < 3; ++i) succeed("SELECT often", 1ms);
  succeed("SELECT slow", 100ms);
  succeed("SELECT medium", 2ms);
  using Order = StatementFilter::Order;
  EXPECT_EQ(statements()[0].sql, "SELECT slow");
  EXPECT_EQ(statements()[1].sql, "SELECT often");
  EXPECT_EQ(statements({.order = Order::kMean})[1].sql, "SELECT medium");
  EXPECT_EQ(statements({.order = Order::kCalls})[0].sql, "SELECT often");
  EXPECT_EQ(statements({.limit = 2}).size(), 2u);
  EXPECT_TRUE(statements({.db_id = "users"}).empty());
}

TEST(MergeStatements, AddsUpWhatSeveralWorkersSaw) {
  StatementFigures a{"orders", "SELECT ?", 2, 1, 10, 40ms, 30ms, base::TimePoint(1s)};
  StatementFigures b{"orders", "SELECT ?", 1, 0, 1, 35ms, 35ms, base::TimePoint(2s)};
  StatementFigures c{"users", "SELECT ?", 1, 0, 1, 1ms, 1ms, base::TimePoint(2s)};
  const auto merged = merge_statements({{a, c}, {b}}, {});
  ASSERT_EQ(merged.size(), 2u);
  EXPECT_EQ(merged[0].calls, 3);
  EXPECT_EQ(merged[0].errors, 1);
  EXPECT_EQ(merged[0].rows, 11);
  EXPECT_EQ(merged[0].total, 75ms);
  EXPECT_EQ(merged[0].max, 35ms);
  EXPECT_EQ(merged[0].last_used, base::TimePoint(2s));
}

}  // namespace
}  // namespace sluice::gateway
