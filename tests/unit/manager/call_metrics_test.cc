#include "manager/call_metrics.h"

#include <algorithm>

#include "manager/database.h"
#include "manager_fixture.h"

namespace sluice::manager {
namespace {

class CallMetricsTest : public ManagerTest {
 protected:
  CallMetricsTest() { register_orders(); }

  static const OperationStats* find(const DatabaseStats& stats, std::string_view operation,
                                    std::string_view error = {}) {
    const auto found = std::find_if(
        stats.operations.begin(), stats.operations.end(),
        [&](const auto& each) { return each.operation == operation && each.error == error; });
    return found == stats.operations.end() ? nullptr : &*found;
  }
};

TEST(Operation, IsTheFirstWordOfAClosedList) {
  for (const auto& [sql, word] : std::initializer_list<std::pair<const char*, const char*>>{
           {"SELECT 1", "SELECT"},
           {"  \n\tselect 1", "SELECT"},
           {"((SELECT 1) UNION SELECT 2)", "SELECT"},
           {"-- why\n-- else\nInsert into t", "INSERT"},
           {"/* a /* nested */ one */ delete from t", "DELETE"},
           {"/*+ hint */update t", "UPDATE"},
           {"with x as (select 1) select 2", "WITH"},
           {"merge into t", "MERGE"},
           {"call p()", "CALL"},
           {"selection", "_OTHER"},
           {"batch", "_OTHER"},
           {"vacuum", "_OTHER"},
           {"'select'", "_OTHER"},
           {"", "_OTHER"},
           {"-- nothing", "_OTHER"},
           {"/* never ended", "_OTHER"}}) {
    EXPECT_EQ(to_string(operation_of(sql)), word) << sql;
  }
}

TEST(ErrorType, IsOfAClosedList) {
  Error error;
  error.code = ErrorCode::kQueryTimeout;
  EXPECT_EQ(error_type(error), "query_timeout");
  error = testing::sql_error("23505", "duplicate");
  EXPECT_EQ(error_type(error), "23505");
  error = testing::sql_error("ZZ999", "never seen");
  EXPECT_EQ(error_type(error), "_OTHER");
}

TEST_F(CallMetricsTest, TheUsualSeriesAreThereBeforeTheFirstCall) {
  const DatabaseStats before = stats();
  for (const char* operation : {"SELECT", "INSERT", "UPDATE", "DELETE", "_OTHER"}) {
    const auto* series = find(before, operation);
    ASSERT_NE(series, nullptr) << operation;
    EXPECT_EQ(series->duration.count, 0);
    EXPECT_EQ(series->duration.buckets.size(), 15U);
  }
  EXPECT_EQ(find(before, "CALL"), nullptr);
  EXPECT_EQ(before.row_histogram.buckets.size(), 13U);
  EXPECT_EQ(before.breaker_transitions.size(), 7U);
  EXPECT_EQ(before.pool.connections_closed.at("lifetime"), 0);
}

TEST_F(CallMetricsTest, CountsCallsByOperationAndErrorAndTheirRows) {
  orders().statement("SELECT n").always(Answer::with_rows({"n"}, {{"1"}, {"2"}, {"3"}}));
  orders().statement("INSERT x").always(Answer::fails(testing::sql_error("23505", "duplicate")));
  call("SELECT n");
  call("SELECT n");
  call("INSERT x");
  loop.run_posted();
  const DatabaseStats after = stats();
  EXPECT_EQ(find(after, "SELECT")->duration.count, 2);
  EXPECT_EQ(find(after, "INSERT")->duration.count, 0);
  ASSERT_NE(find(after, "INSERT", "23505"), nullptr);
  EXPECT_EQ(find(after, "INSERT", "23505")->duration.count, 1);
  EXPECT_EQ(after.row_histogram.count, 2);
  EXPECT_EQ(after.row_histogram.sum, 6);
  EXPECT_EQ(after.row_histogram.buckets[1].cumulative, 0);  // at most 2 rows
  EXPECT_EQ(after.row_histogram.buckets[2].cumulative, 2);  // at most 5
  EXPECT_EQ(after.breaker.succeeded, 2);
  EXPECT_EQ(after.breaker.not_counted, 1);
  EXPECT_GE(after.connect_histogram.count, 1);
}

TEST_F(CallMetricsTest, CountsTheBreakersTransitionsByTheirReason) {
  manager.control(
      "orders",
      [](Shard& shard) { shard.force_breaker(BreakerState::kForcedOpen, {}, "maintenance"); },
      [](const Status&) {});
  loop.run_posted();
  const auto transitions = stats().breaker_transitions;
  const auto found = std::find_if(transitions.begin(), transitions.end(),
                                  [](const auto& each) { return each.count > 0; });
  ASSERT_NE(found, transitions.end());
  EXPECT_EQ(found->from, BreakerState::kClosed);
  EXPECT_EQ(found->to, BreakerState::kForcedOpen);
  EXPECT_EQ(found->reason, "operator");
  EXPECT_EQ(found->count, 1);
}

TEST(MergedStats, TotalsOfTheBreakersNeverDecreaseWhenAnotherShardIsWorstOff) {
  Database database;
  ShardStats closed;
  closed.breaker.explanation = "well";
  closed.breaker.opened_count = 5;
  closed.breaker.rejected = 70;
  ShardStats open;
  open.breaker.explanation = "ill";
  open.breaker.state = BreakerState::kOpen;
  open.breaker.opened_count = 1;
  open.breaker.rejected = 2;
  std::vector<ShardStats> shards;
  shards.push_back(std::move(closed));
  shards.push_back(std::move(open));
  const DatabaseStats sum = merge_stats(database, shards, {});
  EXPECT_EQ(sum.breaker.state, BreakerState::kOpen);
  EXPECT_EQ(sum.breaker.opened_count, 6);
  EXPECT_EQ(sum.breaker.rejected, 72);
}

TEST(MergedStats, SayWhetherAnyShardLacksAConnectionThatTheBudgetForbids) {
  std::vector<ShardStats> shards(2);
  EXPECT_FALSE(merge_stats({}, shards, {}).pool.withheld);
  shards[1].pool.withheld = true;
  EXPECT_TRUE(merge_stats({}, shards, {}).pool.withheld);
}

}  // namespace
}  // namespace sluice::manager
