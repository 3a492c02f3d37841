// What operators and the breaker ask for.
#include "unit/pool/pool_bench.h"

namespace sluice::pool {
namespace {

class PoolControl : public PoolBench {};

TEST_F(PoolControl, APausedPoolQueuesAndAResumedOneServes) {
  warm(1);
  pool().pause();
  auto& a = borrow();
  auto& b = borrow();
  EXPECT_EQ(a.answers + b.answers, 0);
  EXPECT_EQ(database.opened(), 1);
  pool().resume();
  loop.run_posted();
  EXPECT_TRUE(a.served());
  EXPECT_TRUE(b.served());
}

TEST_F(PoolControl, ACallerWhoseDeadlinePassesDuringAPauseIsToldSo) {
  pool().pause();
  auto& caller = ask(seconds(2));
  loop.advance(seconds(2) - std::chrono::nanoseconds(1));
  EXPECT_EQ(caller.answers, 0);
  loop.advance(std::chrono::nanoseconds(1));
  EXPECT_EQ(caller.code(), ErrorCode::kPaused);
}

TEST_F(PoolControl, AReleaseDuringAPauseServesNobody) {
  options.max_size = 1;
  auto& holder = borrow();
  auto& waiter = ask();
  pool().pause();
  holder.lease.release();
  EXPECT_EQ(waiter.answers, 0);
  EXPECT_EQ(stats().idle, 1);
  pool().resume();
  EXPECT_TRUE(waiter.served());
}

TEST_F(PoolControl, AFailedConnectDuringAPauseFailsNobodyBeforeTheResume) {
  database.connects.always(Answer::never());
  auto& caller = ask(seconds(30));
  pool().pause();
  database.connects.answer_oldest(Answer::fails(testing::refused_connection()));
  EXPECT_EQ(caller.answers, 0);
  loop.advance(seconds(1));
  database.connects.always(Answer::ok());
  pool().resume();
  loop.run_posted();
  EXPECT_TRUE(caller.served());
}

TEST_F(PoolControl, EmptyClosesEverythingAndFailsTheWaitersUntilTheNextCall) {
  options.max_size = 2;
  options.min_size = 1;
  auto& held = borrow();
  auto& other = borrow();
  auto& waiter = ask();
  other.lease.release();  // goes to the waiter
  ASSERT_TRUE(waiter.served());
  auto& second = ask();
  waiter.lease.release();
  ASSERT_TRUE(second.served());
  second.lease.release();
  auto& last = borrow();
  auto& waiting = ask();
  pool().empty(draining());
  EXPECT_EQ(waiting.code(), ErrorCode::kDraining);
  held.lease.release();
  last.lease.release();
  loop.advance(seconds(60));
  EXPECT_EQ(database.live(), 0);  // not even min_size
  auto& next = ask();
  loop.run_posted();
  EXPECT_TRUE(next.served());
}

TEST_F(PoolControl, RenewReplacesIdleConnectionsNowAndLentOnesLater) {
  warm(2);
  auto& held = borrow();
  pool().renew();
  EXPECT_EQ(closed("renewed"), 1);
  EXPECT_EQ(stats().used, 1);
  held.lease.release();
  EXPECT_EQ(closed("renewed"), 2);
  loop.run_posted();
  EXPECT_EQ(borrow().connection().number(), 3);
}

TEST_F(PoolControl, RenewAppliesToConnectionsThatAreBeingCleaned) {
  database.resets.always(Answer::never());
  auto& held = borrow();
  held.connection().make_dirty();
  held.lease.release();
  pool().renew();
  database.resets.answer_oldest(Answer::ok());
  EXPECT_EQ(closed("renewed"), 1);
}

TEST_F(PoolControl, RenewStartsConnectsUnderWayAgain) {
  database.connects.always(Answer::never());
  auto& waiter = ask();
  pool().renew();
  EXPECT_EQ(database.connects.calls(), 2);
  EXPECT_EQ(database.connecting(), 1);
  database.connects.answer_oldest(Answer::ok());
  EXPECT_TRUE(waiter.served());
}

TEST_F(PoolControl, ANewConnectorIsUsedFromNowOn) {
  warm(1);
  FakeDatabase other;
  other.server_version = "16.1";
  pool().replace_connector(other.connector(loop));
  EXPECT_EQ(closed("renewed"), 1);
  {
    auto& caller = borrow();
    ASSERT_TRUE(caller.served());
    EXPECT_EQ(caller.lease.connection().server_version(), "16.1");
    caller.lease.release();
  }
  callers.clear();
  pool_.reset();
}

TEST_F(PoolControl, NewCredentialsEndTheBackOff) {
  database.connects.next(Answer::fails(testing::rejected_credentials()));
  borrow();
  pool().replace_connector(database.connector(loop));
  EXPECT_TRUE(borrow().served());
}

TEST_F(PoolControl, AProbeUnderWayFollowsTheNewConnector) {
  database.connects.always(Answer::never());
  std::optional<Status> probed;
  pool().probe([&](Status status) { probed = status; });
  FakeDatabase other;
  pool().replace_connector(other.connector(loop));
  EXPECT_EQ(database.connecting(), 0);
  loop.run_posted();
  EXPECT_TRUE(probed && *probed);
  pool_.reset();
}

TEST_F(PoolControl, ShrinkingClosesIdleSurplusAndLaterWhatComesBack) {
  warm(3);
  auto& held = borrow();
  auto& other = borrow();
  options.max_size = 1;
  pool().configure(options);
  EXPECT_EQ(closed("surplus"), 1);
  EXPECT_EQ(stats().used, 2);
  held.lease.release();
  EXPECT_EQ(closed("surplus"), 2);
  other.lease.release();
  loop.run_posted();
  EXPECT_EQ(stats().idle, 1);
  EXPECT_EQ(stats().total(), 1);
}

TEST_F(PoolControl, GrowingServesWaitersAtOnce) {
  options.max_size = 1;
  borrow();
  auto& a = borrow();
  auto& b = borrow();
  options.max_size = 3;
  pool().configure(options);
  loop.run_posted();
  EXPECT_TRUE(a.served());
  EXPECT_TRUE(b.served());
}

TEST_F(PoolControl, RaisingTheMinimumOpensConnections) {
  warm(1);
  options.min_size = 3;
  pool().configure(options);
  loop.run_posted();
  EXPECT_EQ(stats().idle, 3);
}

TEST_F(PoolControl, NewTimeoutsHoldForConnectionsThatAreThere) {
  warm(1);
  loop.advance(seconds(20));
  options.idle_timeout = seconds(30);
  pool().configure(options);
  loop.advance(seconds(10));
  EXPECT_EQ(closed("idle"), 1);
}

TEST_F(PoolControl, AShorterPoolIdleTimeoutHoldsAtOnce) {
  options.pool_idle_timeout = minutes(30);
  warm(1);
  options.pool_idle_timeout = minutes(1);
  pool().configure(options);
  loop.advance(minutes(1));
  EXPECT_EQ(closed("pool_idle"), 1);
}

TEST_F(PoolControl, ShrinkingWhileConnectsAreUnderWayKeepsTheBound) {
  options.max_size = 8;
  database.connects.always(Answer::ok(milliseconds(10)));
  for (int i = 0; i < 8; ++i) ask();
  loop.advance(milliseconds(25));
  options.max_size = 2;
  pool().configure(options);
  const int held = stats().used;
  EXPECT_LE(stats().total(), std::max(held, 2));
  loop.advance(seconds(1));
  EXPECT_LE(stats().total(), std::max(held, 2));
}

TEST_F(PoolControl, FailWaitersTellsThemAllTheSame) {
  options.max_size = 1;
  auto& holder = borrow();
  auto& a = ask();
  auto& b = ask();
  Error error;
  error.code = ErrorCode::kBreakerOpen;
  pool().fail_waiters(error);
  EXPECT_EQ(a.code(), ErrorCode::kBreakerOpen);
  EXPECT_EQ(b.code(), ErrorCode::kBreakerOpen);
  EXPECT_TRUE(holder.served());
}

TEST_F(PoolControl, DrainingWaitsForTheLastLease) {
  warm(2);
  auto& held = borrow();
  bool drained = false;
  pool().drain([&] { drained = true; });
  loop.run_posted();
  EXPECT_EQ(closed("drained"), 1);
  EXPECT_FALSE(drained);
  EXPECT_EQ(ask().code(), ErrorCode::kDraining);
  held.lease.release();
  EXPECT_FALSE(drained);
  loop.run_posted();
  EXPECT_TRUE(drained);
  EXPECT_EQ(stats().total(), 0);
}

TEST_F(PoolControl, DrainingFailsWaitersAndAbandonsConnects) {
  database.connects.always(Answer::never());
  auto& waiter = ask();
  bool drained = false;
  pool().drain([&] { drained = true; });
  EXPECT_EQ(waiter.code(), ErrorCode::kDraining);
  EXPECT_EQ(database.connecting(), 0);
  loop.run_posted();
  EXPECT_TRUE(drained);
}

TEST_F(PoolControl, DrainingNeverHangsOnASilentServer) {
  database.closes.always(Answer::never());
  database.resets.always(Answer::never());
  warm(1);
  auto& dirty = borrow();
  auto& clean = borrow();
  dirty.connection().make_dirty();
  bool drained = false;
  dirty.lease.release();
  pool().drain([&] { drained = true; });
  clean.lease.release();
  loop.advance(seconds(5));
  EXPECT_TRUE(drained);
  EXPECT_EQ(database.live(), 0);
}

TEST_F(PoolControl, DrainingAnEmptyPoolEndsOnTheNextTurn) {
  bool drained = false;
  pool().drain([&] { drained = true; });
  EXPECT_FALSE(drained);
  loop.run_posted();
  EXPECT_TRUE(drained);
}

TEST_F(PoolControl, DrainedMayDestroyThePool) {
  warm(1);
  pool().drain([&] { pool_.reset(); });
  loop.run_posted();
  EXPECT_EQ(pool_, nullptr);
  EXPECT_EQ(database.live(), 0);
}

TEST_F(PoolControl, ADestroyedPoolTellsNobodyThatItDrained) {
  bool drained = false;
  pool().drain([&] { drained = true; });
  pool_.reset();
  loop.run_posted();
  EXPECT_FALSE(drained);
}

TEST_F(PoolControl, DrainingEndsAProbe) {
  database.connects.always(Answer::never());
  std::optional<Status> probed;
  pool().probe([&](Status status) { probed = status; });
  pool().drain([] {});
  ASSERT_TRUE(probed && !*probed);
  EXPECT_EQ(probed->error().fault, Fault::kCaller);
}

TEST_F(PoolControl, DestroyingAPoolForgetsItsWaitersAndDropsItsConnections) {
  options.max_size = 1;
  database.connects.always(Answer::never());
  auto& waiter = ask();
  pool_.reset();
  EXPECT_EQ(waiter.answers, 0);
  EXPECT_EQ(database.live() + database.connecting(), 0);
  loop.advance(minutes(1));
  EXPECT_EQ(waiter.answers, 0);
}

}  // namespace
}  // namespace sluice::pool
