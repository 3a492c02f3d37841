// Short reads that are sent together on one connection.
#include <algorithm>

#include "manager_fixture.h"

namespace sluice::manager {
namespace {

/// They wait for the only connection and are then sent together.
class BatchTest : public ManagerTest {
 protected:
  BatchTest() {
    have_connections(1);
    orders().shares = [](const Query& query) { return query.sql.starts_with("READ"); };
    orders().executes.always(Answer::ok().echo());
    orders().statement("READ 0").always(Answer::ok().echo());
    orders().statement("BUSY").always(Answer::never());
    occupier_ = call("BUSY");
    loop.run_posted();
  }
  void have_connections(int count) {
    DatabaseOptions options;
    options.pool.max_size = count;
    options.pool.pipeline_depth = 4;
    register_orders(options);
  }
  void expect_own_row(const Answered& answered) {
    ASSERT_TRUE(answered.done());
    ASSERT_TRUE(answered.result->has_value()) << answered.result->error().message;
    EXPECT_EQ(answered.sink->rows, 1);
  }
  /// Makes a batch of the reads that wait.
  void free_the_connection() { orders().statement("BUSY").answer_oldest(Answer::ok()); }
  std::vector<std::shared_ptr<Answered>> reads(int count) {
    std::vector<std::shared_ptr<Answered>> all;
    for (int i = 0; i < count; ++i) all.push_back(call("READ " + std::to_string(i), 10'000ms));
    return all;
  }
  [[nodiscard]] int sent(const std::string& sql) {
    const auto& log = orders().log();
    return static_cast<int>(std::count(log.begin(), log.end(), sql));
  }

  std::shared_ptr<Answered> occupier_;
};

TEST_F(BatchTest, EachGetsItsOwnAnswer) {
  const auto calls = reads(4);
  free_the_connection();
  loop.run_posted();
  for (const auto& each : calls) expect_own_row(*each);
  EXPECT_EQ(orders().log().size(), 5U);
  EXPECT_EQ(stats().pool.used, 0);
}

TEST_F(BatchTest, WhatAFailedNeighbourKeptFromRunningIsRunByItself) {
  orders().statement("READ 0").always(Answer::fails(testing::sql_error("22012", "division by 0")));
  const auto calls = reads(2);
  free_the_connection();
  loop.run_posted();
  ASSERT_TRUE(calls[0]->done());
  EXPECT_EQ(calls[0]->code(), ErrorCode::kSqlError);
  expect_own_row(*calls[1]);
  EXPECT_EQ(sent("READ 0"), 1);
  EXPECT_EQ(sent("READ 1"), 2);
}

TEST_F(BatchTest, WhatLosesItsConnectionIsRunOnceMore) {
  orders().statement("READ 0").next(Answer::loses_connection());
  const auto calls = reads(2);
  free_the_connection();
  loop.run_posted();
  for (const auto& each : calls) expect_own_row(*each);
  EXPECT_EQ(sent("READ 0"), 2);
  EXPECT_EQ(sent("READ 1"), 2);
}

TEST_F(BatchTest, ButNotTwice) {
  orders().statement("READ 0").always(Answer::loses_connection());
  const auto calls = reads(2);
  free_the_connection();
  loop.run_posted();
  loop.advance(1'000ms);
  ASSERT_TRUE(calls[0]->done());
  EXPECT_EQ(calls[0]->code(), ErrorCode::kDatabaseUnavailable);
  EXPECT_EQ(calls[0]->result->error().outcome, Outcome::kUnknown);
  EXPECT_EQ(sent("READ 0"), 2);
  expect_own_row(*calls[1]);
}

TEST_F(BatchTest, AfterTwentyMillisecondsOfSilenceEachIsRunByItself) {
  orders().statement("READ 0").always(Answer::never());
  const auto calls = reads(2);
  free_the_connection();
  loop.run_posted();
  have_connections(2);
  loop.advance(19ms);
  EXPECT_EQ(orders().cancels.calls(), 0);
  EXPECT_EQ(sent("READ 1"), 1);
  loop.advance(1ms);
  EXPECT_EQ(orders().cancels.calls(), 1) << "of what was left behind";
  loop.run_posted();
  EXPECT_FALSE(calls[0]->done());
  EXPECT_EQ(sent("READ 0"), 2);
  loop.advance(9'000ms);
  EXPECT_FALSE(calls[0]->done());
  loop.advance(1'000ms);
  ASSERT_TRUE(calls[0]->done());
  EXPECT_EQ(calls[0]->code(), ErrorCode::kQueryTimeout);
  expect_own_row(*calls[1]);
  EXPECT_EQ(sent("READ 1"), 2);
  EXPECT_EQ(stats().pool.used, 0);
}

TEST_F(BatchTest, AServerThatIgnoresTheCancelLosesTheConnectionOnly) {
  orders().statement("READ 0").next(Answer::never());
  orders().cancels.always(Answer::never());
  const auto calls = reads(2);
  free_the_connection();
  loop.advance(519ms);
  EXPECT_EQ(stats().pool.used, 1);
  EXPECT_FALSE(calls[0]->done());
  loop.advance(1ms);
  loop.advance(100ms);
  for (const auto& each : calls) expect_own_row(*each);
  EXPECT_EQ(stats().pool.used, 0);
  EXPECT_EQ(stats().pool.connections_closed.at("broken"), 1);
  EXPECT_EQ(stats().errors, 0);
}

TEST_F(BatchTest, ACallThatIsCancelledLeavesTheOthersAlone) {
  orders().statement("READ 0").always(Answer::never());
  const auto calls = reads(2);
  free_the_connection();
  loop.advance(10ms);
  calls[0]->handle.cancel();
  loop.run_posted();
  EXPECT_EQ(calls[0]->code(), ErrorCode::kCancelled);
  EXPECT_EQ(orders().cancels.calls(), 0);
  loop.advance(10ms);
  EXPECT_EQ(orders().cancels.calls(), 1) << "the last one has left";
  loop.run_posted();
  loop.run_posted();
  expect_own_row(*calls[1]);
  EXPECT_EQ(sent("READ 0"), 1);
}

TEST_F(BatchTest, ACallThatRunsElsewhereCanStillBeCancelled) {
  orders().statement("READ 0").always(Answer::never());
  const auto calls = reads(2);
  free_the_connection();
  loop.advance(20ms);
  loop.run_posted();
  ASSERT_EQ(sent("READ 0"), 2);
  calls[0]->handle.cancel();
  loop.run_posted();
  ASSERT_TRUE(calls[0]->done());
  EXPECT_EQ(calls[0]->code(), ErrorCode::kCancelled);
}

TEST_F(BatchTest, AnEarlierDeadlineIsKept) {
  orders().statement("READ 0").next(Answer::never());
  const auto hurried = call("READ 0", 10ms);
  const auto other = call("READ 1", 10'000ms);
  free_the_connection();
  loop.advance(9ms);
  EXPECT_EQ(orders().cancels.calls(), 0) << "the other one may still be answered";
  loop.advance(1ms);
  ASSERT_TRUE(hurried->done());
  EXPECT_EQ(hurried->code(), ErrorCode::kQueryTimeout);
  loop.advance(10ms);
  EXPECT_EQ(orders().cancels.calls(), 1);
  loop.run_posted();
  loop.run_posted();
  expect_own_row(*other);
}

TEST_F(BatchTest, ACallWhoseTimeIsOverIsNotRunOnceMore) {
  orders().statement("READ 0").always(Answer::never());
  orders().statement("READ 1").always(Answer::never());
  const auto first = call("READ 0", 10ms);
  const auto second = call("READ 1", 10ms);
  free_the_connection();
  loop.advance(9ms);
  EXPECT_EQ(orders().cancels.calls(), 1) << "by the one that asks last";
  loop.advance(1ms);
  for (const auto& each : {first, second}) {
    ASSERT_TRUE(each->done());
    EXPECT_EQ(each->code(), ErrorCode::kQueryTimeout);
    EXPECT_EQ(each->result->error().fault, Fault::kOverload);
  }
  loop.advance(1s);
  EXPECT_EQ(sent("READ 1"), 1);
  EXPECT_FALSE(stats().pool.connections_closed.at("broken"));
  EXPECT_EQ(stats().breaker.failed, 0);
}

TEST_F(BatchTest, ACallThatHasItsRowsDoesNotWaitForANeighbourThatHangs) {
  orders().statement("READ 0").always(Answer::ok().echo().flushed());
  orders().statement("READ 1").always(Answer::never());
  const auto calls = reads(2);
  free_the_connection();
  loop.run_posted();
  have_connections(2);
  loop.advance(19ms);
  EXPECT_EQ(calls[0]->sink->rows, 1);
  EXPECT_FALSE(calls[0]->done());
  loop.advance(1ms);
  EXPECT_EQ(orders().cancels.calls(), 1) << "of the neighbour, which runs elsewhere";
  loop.run_posted();
  expect_own_row(*calls[0]);
  EXPECT_EQ(sent("READ 0"), 1);
  EXPECT_EQ(sent("READ 1"), 2);
}

}  // namespace
}  // namespace sluice::manager
