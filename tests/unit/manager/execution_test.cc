#include "manager/execution.h"

#include "manager_fixture.h"

namespace sluice::manager {
namespace {

class ExecutionTest : public ManagerTest {
 protected:
  ExecutionTest() { register_orders(); }

  /// From now on every other call has to wait.
  std::shared_ptr<Answered> occupy_the_only_connection() {
    DatabaseOptions options;
    options.pool.max_size = 1;
    EXPECT_TRUE(*connect({target(), options, "orders", true, {}}));
    orders().statement("SLOW").always(Answer::never());
    auto running = call("SLOW");
    loop.run_posted();
    return running;
  }
};

TEST_F(ExecutionTest, RunsAStatementAndHandsItsRowsToTheSink) {
  orders().statement("SELECT n").always(Answer::with_rows({"n"}, {{"1"}, {"2"}}));
  const auto answered = call("SELECT n");
  loop.run_posted();
  ASSERT_TRUE(answered->done());
  ASSERT_TRUE(answered->result->has_value());
  EXPECT_EQ(answered->sink->rows, 2);
  EXPECT_EQ((*answered->result)->command, "SELECT");
}

TEST_F(ExecutionTest, RefusesAnUnknownDatabaseAtOnce) {
  const auto answered = call("SELECT 1", {}, "nothing");
  ASSERT_TRUE(answered->done());
  EXPECT_EQ(answered->code(), ErrorCode::kUnknownDatabase);
  EXPECT_EQ(answered->result->error().outcome, Outcome::kNotStarted);
}

TEST_F(ExecutionTest, RefusesATimeoutBeyondTheLimit) {
  const auto longest = call("SELECT 1", 600'000ms);
  const auto longer = call("SELECT 1", 600'001ms);
  ASSERT_TRUE(longer->done());
  EXPECT_EQ(longer->code(), ErrorCode::kInvalidRequest);
  loop.run_posted();
  EXPECT_TRUE(longest->result->has_value());
}

TEST_F(ExecutionTest, CancelsALittleBeforeTheDeadline) {
  orders().statement("SLOW").always(Answer::never());
  const auto answered = call("SLOW", 2'000ms);
  loop.advance(1'899ms);
  EXPECT_EQ(orders().cancels.calls(), 0);
  loop.advance(1ms);
  EXPECT_EQ(orders().cancels.calls(), 1);
  loop.run_posted();
  ASSERT_TRUE(answered->done());
  EXPECT_EQ(answered->code(), ErrorCode::kQueryTimeout);
  EXPECT_EQ(answered->result->error().outcome, Outcome::kRolledBack);
  EXPECT_EQ(answered->result->error().fault, Fault::kOverload);
}

TEST_F(ExecutionTest, TheMarginBeforeAShortDeadlineIsATenthOfIt) {
  orders().statement("SLOW").always(Answer::never());
  const auto answered = call("SLOW", 100ms);
  loop.advance(89ms);
  EXPECT_EQ(orders().cancels.calls(), 0);
  loop.advance(1ms);
  EXPECT_EQ(orders().cancels.calls(), 1);
}

TEST_F(ExecutionTest, AnswersAtTheDeadlineEvenIfTheServerIgnoresTheCancel) {
  orders().statement("SLOW").always(Answer::never());
  orders().cancels.always(Answer::never());
  const auto answered = call("SLOW", 2'000ms);
  loop.advance(1'999ms);
  EXPECT_FALSE(answered->done());
  loop.advance(1ms);
  ASSERT_TRUE(answered->done());
  EXPECT_EQ(answered->code(), ErrorCode::kQueryTimeout);
  EXPECT_EQ(answered->result->error().outcome, Outcome::kUnknown);
  EXPECT_FALSE(answered->result->error().retryable);
}

TEST_F(ExecutionTest, AServerThatDoesNotAnswerACancelCountsAsHungAfterHalfASecond) {
  orders().statement("SLOW").always(Answer::never());
  orders().cancels.always(Answer::never());
  const auto answered = call("SLOW", 2'000ms);
  loop.advance(2'499ms);
  EXPECT_EQ(orders().live(), 1);
  EXPECT_EQ(stats().breaker.window_failures, 0);
  loop.advance(1ms);
  loop.run_posted();
  EXPECT_EQ(orders().live(), 0);
  EXPECT_EQ(stats().breaker.window_failures, 1);
}

TEST_F(ExecutionTest, ATimedOutStatementDoesNotCountAgainstTheBreaker) {
  orders().statement("SLOW").always(Answer::never());
  for (int i = 0; i < 20; ++i) {
    const auto answered = call("SLOW", 100ms);
    loop.advance(200ms);
    ASSERT_TRUE(answered->done());
    EXPECT_EQ(answered->code(), ErrorCode::kQueryTimeout);
  }
  EXPECT_EQ(stats().breaker.state, BreakerState::kClosed);
  EXPECT_EQ(stats().breaker.window_failures, 0);
}

TEST_F(ExecutionTest, DropsAQueuedCallWhoseCallerHasGone) {
  const auto first = occupy_the_only_connection();
  const auto second = call("SELECT 2");
  loop.run_posted();
  EXPECT_EQ(stats().pool.waiting, 1);
  second->handle.cancel();
  loop.run_posted();
  ASSERT_TRUE(second->done());
  EXPECT_EQ(second->code(), ErrorCode::kCancelled);
  EXPECT_EQ(second->result->error().outcome, Outcome::kNotStarted);
  EXPECT_EQ(stats().pool.waiting, 0);
  EXPECT_EQ(orders().cancels.calls(), 0);
}

TEST_F(ExecutionTest, CancelsARunningStatementWhoseCallerHasGone) {
  orders().statement("SLOW").always(Answer::never());
  const auto answered = call("SLOW");
  loop.run_posted();
  answered->handle.cancel();
  loop.run_posted();
  EXPECT_EQ(orders().cancels.calls(), 1);
  ASSERT_TRUE(answered->done());
  EXPECT_EQ(answered->code(), ErrorCode::kCancelled);
  EXPECT_EQ(stats().breaker.window_failures, 0);
  EXPECT_EQ(stats().pool.used, 0);
}

TEST_F(ExecutionTest, ACancelledReadHasDoneNothingAndMayBeSentAgain) {
  orders().statement("SLOW").always(Answer::never());
  for (const bool read_only : {true, false}) {
    const auto answered = start("orders", {.sql = "SLOW", .read_only = read_only});
    loop.run_posted();
    answered->handle.cancel();
    loop.run_posted();
    ASSERT_TRUE(answered->done());
    EXPECT_EQ(answered->result->error().outcome,
              read_only ? Outcome::kRolledBack : Outcome::kUnknown);
    EXPECT_EQ(answered->result->error().retryable, read_only);
  }
}

TEST_F(ExecutionTest, CancellingAfterTheEndChangesNothing) {
  const auto answered = call("SELECT 1");
  loop.run_posted();
  ASSERT_TRUE(answered->done());
  answered->handle.cancel();
  loop.run_posted();
  EXPECT_TRUE(answered->result->has_value());
  EXPECT_EQ(orders().cancels.calls(), 0);
}

TEST_F(ExecutionTest, TheDeadlineCoversTheQueue) {
  const auto first = occupy_the_only_connection();
  const auto second = call("SELECT 2", 300ms);
  loop.advance(299ms);
  EXPECT_FALSE(second->done());
  loop.advance(1ms);
  ASSERT_TRUE(second->done());
  EXPECT_EQ(second->code(), ErrorCode::kAcquireTimeout);
  EXPECT_EQ(second->result->error().db_id, "orders");
  EXPECT_TRUE(second->result->error().retry_after.has_value());
}

TEST_F(ExecutionTest, TheAcquireTimeoutEndsAWaitBeforeALaterDeadline) {
  const auto first = occupy_the_only_connection();
  const auto second = call("SELECT 2");
  loop.advance(4'999ms);
  EXPECT_FALSE(second->done());
  loop.advance(1ms);
  ASSERT_TRUE(second->done());
  EXPECT_EQ(second->code(), ErrorCode::kAcquireTimeout);
  EXPECT_EQ(stats().breaker.window_failures, 0);
}

TEST_F(ExecutionTest, ALostConnectionIsAFailureWithAnUnknownOutcome) {
  orders().statement("UPDATE").next(Answer::loses_connection());
  const auto answered = call("UPDATE");
  loop.run_posted();
  ASSERT_TRUE(answered->done());
  EXPECT_EQ(answered->code(), ErrorCode::kDatabaseUnavailable);
  EXPECT_EQ(answered->result->error().outcome, Outcome::kUnknown);
  EXPECT_EQ(stats().breaker.window_failures, 1);
  EXPECT_EQ(stats().errors, 1);
}

TEST_F(ExecutionTest, AStatementsOwnErrorIsNotAFailureOfTheDatabase) {
  orders().statement("BAD").always(Answer::fails(testing::sql_error("42P01", "no such table")));
  for (int i = 0; i < 30; ++i) {
    const auto answered = call("BAD");
    loop.run_posted();
    ASSERT_TRUE(answered->done());
    EXPECT_EQ(answered->code(), ErrorCode::kSqlError);
  }
  const auto now = stats();
  EXPECT_EQ(now.breaker.state, BreakerState::kClosed);
  EXPECT_EQ(now.breaker.window_failures, 0);
  EXPECT_EQ(now.errors_by_sqlstate.at("42P01"), 30);
  EXPECT_EQ(now.queries, 30);
  EXPECT_EQ(now.errors, 30);
}

TEST_F(ExecutionTest, OpensTheBreakerRefusesAtOnceProbesAndCloses) {
  orders().statement("X").always(Answer::loses_connection());
  for (int i = 0; i < 10; ++i) {
    call("X");
    loop.run_posted();
  }
  ASSERT_EQ(stats().breaker.state, BreakerState::kOpen);
  orders().connects.always(Answer::fails(testing::refused_connection()));
  const auto refused = call("SELECT 1");
  ASSERT_TRUE(refused->done());
  EXPECT_EQ(refused->code(), ErrorCode::kBreakerOpen);
  EXPECT_TRUE(refused->result->error().retry_after.has_value());

  orders().connects.always(Answer::ok());
  loop.advance(3s);
  EXPECT_EQ(stats().breaker.state, BreakerState::kHalfOpen);
  for (int i = 0; i < 5; ++i) {
    const auto trial = call("SELECT 1");
    loop.run_posted();
    ASSERT_TRUE(trial->done());
    EXPECT_TRUE(trial->result->has_value());
  }
  EXPECT_EQ(stats().breaker.state, BreakerState::kClosed);
  ASSERT_EQ(observer.transitions.size(), 3u);
  EXPECT_EQ(observer.transitions.front().db_id, "orders");
  EXPECT_EQ(observer.transitions.front().to, BreakerState::kOpen);
  EXPECT_EQ(observer.transitions.back().to, BreakerState::kClosed);
}

TEST_F(ExecutionTest, OpeningTheBreakerFailsThoseWhoWait) {
  const auto running = occupy_the_only_connection();
  const auto waiting = call("SELECT 1");
  loop.run_posted();
  ASSERT_FALSE(waiting->done());
  manager.control(
      "orders",
      [](Shard& shard) { shard.force_breaker(BreakerState::kForcedOpen, {}, "maintenance"); },
      [](const Status&) {});
  loop.run_posted();
  ASSERT_TRUE(waiting->done());
  EXPECT_EQ(waiting->code(), ErrorCode::kBreakerOpen);
  EXPECT_FALSE(running->done());
}

TEST_F(ExecutionTest, WhatWasIdleWhileTheBreakerWasOpenMustAnswerFirst) {
  const auto force = [this](BreakerState state) {
    manager.control(
        "orders", [state](Shard& shard) { shard.force_breaker(state, {}, "drill"); },
        [](const Status&) {});
    loop.run_posted();
  };
  call("SELECT 1");
  loop.run_posted();
  const int pings = orders().pings.calls();
  call("SELECT 1");
  loop.run_posted();
  EXPECT_EQ(orders().pings.calls(), pings) << "it was used a moment ago";
  force(BreakerState::kForcedOpen);
  force(BreakerState::kClosed);
  const auto answered = call("SELECT 1");
  loop.run_posted();
  ASSERT_TRUE(answered->done() && answered->result->has_value());
  EXPECT_EQ(orders().pings.calls(), pings + 1);
}

TEST_F(ExecutionTest, ADisconnectLetsRunningCallsFinishAndThenCloses) {
  orders().statement("SLOW").always(Answer::ok(2s));
  const auto running = call("SLOW");
  loop.run_posted();
  std::optional<Status> gone;
  manager.disconnect("orders", 30s, [&gone](Status status) { gone = std::move(status); });
  loop.run_posted();
  EXPECT_FALSE(gone.has_value());
  const auto late = call("SELECT 1");
  ASSERT_TRUE(late->done());
  EXPECT_EQ(late->code(), ErrorCode::kUnknownDatabase);
  loop.advance(2s);
  ASSERT_TRUE(running->done());
  EXPECT_TRUE(running->result->has_value());
  loop.advance(3s);
  ASSERT_TRUE(gone && *gone);
  EXPECT_EQ(orders().live(), 0);
}

TEST_F(ExecutionTest, ADisconnectCancelsWhatRunsWhenItsPatienceIsOver) {
  orders().statement("SLOW").always(Answer::never());
  const auto running = call("SLOW");
  loop.run_posted();
  bool gone = false;
  manager.disconnect("orders", 1s, [&gone](const Status&) { gone = true; });
  loop.advance(999ms);
  EXPECT_FALSE(running->done());
  loop.advance(1ms);
  loop.run_posted();
  ASSERT_TRUE(running->done());
  EXPECT_EQ(running->code(), ErrorCode::kDraining);
  loop.advance(5s);
  EXPECT_TRUE(gone);
}

Error lost_bet() {
  Error error = testing::session_lost();
  error.outcome = Outcome::kNotStarted;
  error.fault = Fault::kCaller;
  error.retryable = true;
  return error;
}

TEST_F(ExecutionTest, AConnectionThatAsksForASecondTryGetsIt) {
  orders().statement("SELECT n").next(Answer::fails(lost_bet()));
  orders().statement("SELECT n").always(Answer::with_rows({"n"}, {{"1"}}));
  const auto answered = call("SELECT n");
  loop.run_posted();
  ASSERT_TRUE(answered->done());
  ASSERT_TRUE(answered->result->has_value()) << answered->result->error().message;
  EXPECT_EQ(answered->sink->rows, 1);
  EXPECT_EQ(orders().statement("SELECT n").calls(), 2);
}

TEST_F(ExecutionTest, ThereIsNoThirdTry) {
  orders().statement("SELECT n").always(Answer::fails(lost_bet()));
  const auto answered = call("SELECT n");
  loop.run_posted();
  ASSERT_TRUE(answered->done());
  EXPECT_EQ(answered->code(), ErrorCode::kDatabaseUnavailable);
  EXPECT_EQ(orders().statement("SELECT n").calls(), 2);
}

TEST_F(ExecutionTest, WhatMayHaveRunIsNotTriedAgain) {
  orders().statement("SELECT n").always(Answer::fails(testing::session_lost()));
  const auto answered = call("SELECT n");
  loop.run_posted();
  ASSERT_TRUE(answered->done());
  EXPECT_EQ(orders().statement("SELECT n").calls(), 1);
}

TEST_F(ExecutionTest, AFailedCallTellsWhereItsTimeWent) {
  const auto running = occupy_the_only_connection();
  const auto waiting = call("SELECT 1", 300ms);
  loop.advance(300ms);
  ASSERT_TRUE(waiting->done());
  EXPECT_EQ(waiting->code(), ErrorCode::kAcquireTimeout);
  EXPECT_EQ(waiting->result->error().timings.queue, 300ms);
  EXPECT_EQ(waiting->result->error().timings.database, 0ms);

  orders().cancels.always(Answer::never());
  loop.advance(29'700ms);
  ASSERT_TRUE(running->done());
  EXPECT_EQ(running->code(), ErrorCode::kQueryTimeout);
  EXPECT_EQ(running->result->error().timings.database, 30s);
}

}  // namespace
}  // namespace sluice::manager
