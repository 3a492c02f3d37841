// What operators do to a database, and what they see of its calls.
#include "manager_fixture.h"

namespace sluice::manager {
namespace {

class OperatorsTest : public ManagerTest {
 protected:
  OperatorsTest() {
    DatabaseOptions options;
    options.pool.max_size = 1;
    register_orders(options);
    orders().statement("SLOW").always(Answer::never());
  }

  void control(const std::function<void(Shard&)>& action) {
    manager.control("orders", action, [](const Status& status) { EXPECT_TRUE(status); });
    loop.run_posted();
  }

  std::vector<LiveCall> live(const std::string& db_id = "") {
    std::vector<LiveCall> calls;
    manager.live_calls().list(db_id, loop,
                              [&calls](std::vector<LiveCall> found) { calls = std::move(found); });
    loop.run_posted();
    return calls;
  }

  std::optional<LiveCall> cancel(const std::string& id) {
    std::optional<LiveCall> cancelled;
    bool answered = false;
    manager.live_calls().cancel(id, "alice", loop, [&](const std::optional<LiveCall>& call) {
      answered = true;
      cancelled = call;
    });
    loop.run_posted();
    EXPECT_TRUE(answered);
    return cancelled;
  }
};

TEST_F(OperatorsTest, ADrainedDatabaseFinishesWhatRunsAndTakesNothingNewUntilResumed) {
  orders().statement("WORK").always(Answer::ok(2s));
  const auto running = call("WORK");
  const auto waiting = call("SELECT 1");
  loop.run_posted();
  control([](Shard& shard) { shard.quiesce(); });
  EXPECT_EQ(stats().state, DatabaseState::kDraining);
  ASSERT_TRUE(waiting->done());
  EXPECT_EQ(waiting->code(), ErrorCode::kDraining);
  const auto late = call("SELECT 1");
  loop.run_posted();
  EXPECT_EQ(late->code(), ErrorCode::kDraining);
  EXPECT_NE(late->result->error().message.find("resumed"), std::string::npos);
  EXPECT_FALSE(running->done());
  loop.advance(2s);
  EXPECT_TRUE(running->result->has_value());
  EXPECT_EQ(orders().live(), 0);

  control([](Shard& shard) { shard.resume(); });
  EXPECT_EQ(stats().state, DatabaseState::kActive);
  const auto again = call("SELECT 1");
  loop.run_posted();
  EXPECT_TRUE(again->result->has_value());
}

TEST_F(OperatorsTest, ADrainedDatabaseIsNotProbedUntilItIsResumed) {
  DatabaseOptions options;
  options.pool.min_size = 1;
  options.breaker.consecutive_connect_failures = 1;
  register_orders(options);
  orders().connects.always(Answer::fails(testing::refused_connection()));
  call("SELECT 1");
  loop.run_posted();
  ASSERT_EQ(stats().breaker.state, BreakerState::kOpen);
  control([](Shard& shard) { shard.quiesce(); });
  orders().connects.always(Answer::ok());
  const int before = orders().opened();
  loop.advance(10min);
  EXPECT_EQ(orders().opened(), before) << "all its connections are closed";
  EXPECT_EQ(stats().breaker.state, BreakerState::kOpen);

  control([](Shard& shard) { shard.resume(); });
  loop.advance(1ms);
  EXPECT_EQ(stats().breaker.state, BreakerState::kHalfOpen);
  const auto trial = call("SELECT 1");
  loop.run_posted();
  EXPECT_TRUE(trial->done() && *trial->result);
}

TEST_F(OperatorsTest, AForcedBreakerCountsTheCallsItRefusesAndNoOthers) {
  control([](Shard& shard) {
    shard.force_breaker(BreakerState::kForcedOpen, std::nullopt, "a migration");
  });
  loop.advance(1s);
  EXPECT_EQ(stats().breaker.rejected, 0);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(call("SELECT 1")->code(), ErrorCode::kBreakerOpen);
  EXPECT_EQ(stats().breaker.rejected, 2);
}

TEST_F(OperatorsTest, ADrainedDatabaseCanBePausedAndDisconnected) {
  control([](Shard& shard) { shard.quiesce(); });
  control([](Shard& shard) { shard.pause(); });
  const auto waiting = call("SELECT 1");
  loop.run_posted();
  EXPECT_FALSE(waiting->done());
  control([](Shard& shard) { shard.quiesce(); });
  EXPECT_EQ(waiting->code(), ErrorCode::kDraining);
  bool gone = false;
  manager.disconnect("orders", 1s, [&gone](const Status& status) { gone = status.has_value(); });
  loop.advance(1s);
  EXPECT_TRUE(gone);
}

TEST_F(OperatorsTest, AProbeOpensAConnectionOfItsOwnAndClosesIt) {
  const auto running = call("SLOW");
  loop.run_posted();
  std::optional<Result<TrialReport>> report;
  manager.probe("orders", [&report](const Result<TrialReport>& found) { report = found; });
  loop.run_posted();
  ASSERT_TRUE(report && *report);
  EXPECT_EQ((*report)->server_version, "15.8");
  EXPECT_EQ(orders().live(), 1);  // that of the call
  orders().connects.next(Answer::fails(testing::refused_connection()));
  manager.probe("orders", [&report](const Result<TrialReport>& found) { report = found; });
  loop.run_posted();
  EXPECT_EQ(report->error().code, ErrorCode::kDatabaseUnavailable);
  manager.probe("nothing", [&report](const Result<TrialReport>& found) { report = found; });
  loop.run_posted();
  EXPECT_EQ(report->error().code, ErrorCode::kUnknownDatabase);
}

TEST_F(OperatorsTest, LiveCallsTellWhatRunsAndWhatWaits) {
  const Origin origin{"key", "127.0.0.1:4711", "r1"};
  Call running;
  running.db_id = "orders";
  running.query.sql = "SLOW";
  running.query.read_only = true;
  running.origin = &origin;
  running.done = [](const Result<Completion>&) {};
  manager.execute(std::move(running));
  loop.advance(100ms);
  const auto waiting = call("SELECT 1");
  loop.advance(50ms);

  const auto calls = live();
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_EQ(calls[0].sql, "SLOW");
  EXPECT_EQ(calls[0].phase, LiveCall::Phase::kRunning);
  EXPECT_TRUE(calls[0].read_only);
  EXPECT_EQ(calls[0].elapsed, 150ms);
  EXPECT_EQ(calls[0].queued, 0ms);
  EXPECT_EQ(calls[0].actor, "key");
  EXPECT_EQ(calls[0].client, "127.0.0.1:4711");
  EXPECT_EQ(calls[0].request_id, "r1");
  EXPECT_EQ(calls[1].phase, LiveCall::Phase::kQueued);
  EXPECT_EQ(calls[1].elapsed, 50ms);
  EXPECT_EQ(calls[1].queued, 50ms);
  EXPECT_EQ(calls[1].actor, "");
  EXPECT_NE(calls[0].id, calls[1].id);
  EXPECT_TRUE(live("other").empty());
  EXPECT_EQ(live("orders").size(), 2u);
}

TEST_F(OperatorsTest, ACancelledCallEndsAndSaysWhoDidIt) {
  const auto running = call("SLOW");
  const auto waiting = call("SELECT 1");
  loop.run_posted();
  const auto calls = live();
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_EQ(cancel(calls[1].id)->sql, "SELECT 1");
  EXPECT_EQ(waiting->code(), ErrorCode::kCancelled);
  EXPECT_EQ(waiting->result->error().outcome, Outcome::kNotStarted);
  EXPECT_TRUE(cancel(calls[0].id));
  EXPECT_EQ(running->code(), ErrorCode::kCancelled);
  EXPECT_EQ(running->result->error().message, "cancelled by an operator: alice");
  EXPECT_EQ(running->result->error().outcome, Outcome::kUnknown);
  EXPECT_EQ(orders().cancels.calls(), 1);
  EXPECT_TRUE(live().empty());
  EXPECT_FALSE(cancel(calls[0].id));
}

TEST_F(OperatorsTest, OnlyWholeIdsCancelSomething) {
  const auto running = call("SLOW");
  loop.run_posted();
  const auto id = live().at(0).id;
  for (const auto& wrong : {id + "0", id + "x", "w1" + id.substr(2), id.substr(1), std::string("w"),
                            std::string("w0"), std::string("w0-"), std::string("")}) {
    EXPECT_FALSE(cancel(wrong)) << wrong;
  }
  EXPECT_FALSE(running->done());
}

TEST_F(OperatorsTest, AProbeAsksTheServerAndDoesNotTrustALogIn) {
  orders().pings.next(Answer::fails(testing::refused_connection()));
  std::optional<Result<TrialReport>> report;
  manager.probe("orders", [&report](const Result<TrialReport>& found) { report = found; });
  loop.run_posted();
  ASSERT_TRUE(report && !*report);
  EXPECT_EQ(report->error().code, ErrorCode::kDatabaseUnavailable);

  report.reset();
  orders().pings.next(Answer::never());
  manager.probe("orders", [&report](const Result<TrialReport>& found) { report = found; });
  loop.advance(999ms);
  EXPECT_FALSE(report.has_value());
  loop.advance(1ms);
  loop.run_posted();
  ASSERT_TRUE(report && !*report);
  loop.advance(5s);
  EXPECT_EQ(orders().live(), 0);
}

TEST_F(OperatorsTest, ACallThatComesTooLateForAClosedDatabaseLeavesNoTimerBehind) {
  const auto shard = manager.find("orders", nullptr)->shards.front();
  control([](Shard& open) { open.force_breaker(BreakerState::kForcedOpen, 1h, "maintenance"); });
  manager.disconnect("orders", 0s, [](const Status& status) { EXPECT_TRUE(status); });
  loop.advance(1s);
  ASSERT_FALSE(loop.timers().next());
  std::optional<Result<Completion>> answer;
  Plan plan{.deadline = base::Deadline::after(loop.now(), 1s),
            .timeout = 1s,
            .done = [&answer](Result<Completion> result) { answer = std::move(result); }};
  plan.steps.push_back({{.sql = "SELECT 1"}, nullptr});
  std::make_shared<Execution>(shard, std::move(plan))->start();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->error().code, ErrorCode::kDraining);
  EXPECT_FALSE(loop.timers().next()) << "it would outlive its loop, or end on another thread";
}

}  // namespace
}  // namespace sluice::manager
