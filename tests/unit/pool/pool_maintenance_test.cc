// Idle timeouts, overflow, heartbeats and the whole pool idling out.
#include "unit/pool/pool_bench.h"

namespace sluice::pool {
namespace {

constexpr std::chrono::nanoseconds kInstant{1};

class PoolMaintenance : public PoolBench {};

TEST_F(PoolMaintenance, ClosesAnIdleConnectionAtItsTimeoutAndNotBefore) {
  options.idle_timeout = seconds(10);
  warm(2);
  loop.advance(seconds(10) - kInstant);
  EXPECT_EQ(stats().idle, 2);
  loop.advance(kInstant);
  EXPECT_EQ(stats().idle, 0);
  EXPECT_EQ(closed("idle"), 2);
  loop.run_posted();
  EXPECT_EQ(stats().total(), 0);
}

TEST_F(PoolMaintenance, UseStartsTheIdleTimeAgain) {
  options.idle_timeout = seconds(10);
  warm(1);
  loop.advance(seconds(9));
  borrow().lease.release();
  loop.advance(seconds(10) - kInstant);
  EXPECT_EQ(stats().idle, 1);
  loop.advance(kInstant);
  EXPECT_EQ(stats().idle, 0);
}

TEST_F(PoolMaintenance, KeepsMinSizeAgainstTheIdleTimeout) {
  options.idle_timeout = seconds(10);
  options.min_size = 1;
  warm(3);
  loop.advance(minutes(10));
  EXPECT_EQ(stats().idle, 1);
  EXPECT_EQ(closed("idle"), 2);
  EXPECT_EQ(database.opened(), 3);
}

TEST_F(PoolMaintenance, HeartbeatsDoNotKeepAConnectionFromIdlingOut) {
  options.idle_timeout = seconds(60);
  options.keepalive = seconds(10);
  warm(1);
  loop.advance(seconds(60));
  EXPECT_EQ(stats().idle, 0);
  EXPECT_GE(database.pings.calls(), 5);
}

TEST_F(PoolMaintenance, AnOldIdleConnectionBecomesSpareWhenAnotherJoins) {
  options.idle_timeout = seconds(10);
  options.min_size = 1;
  warm(1);
  loop.advance(seconds(60));
  EXPECT_EQ(stats().idle, 1);
  pool().probe([](const Status&) {});  // opens a second one
  loop.run_posted();
  EXPECT_EQ(closed("idle"), 1);
  EXPECT_EQ(borrow().connection().number(), 2);
}

TEST_F(PoolMaintenance, ClosesAnIdleOverflowConnectionAfterOneSecond) {
  options.max_size = 1;
  options.max_overflow = 2;
  std::vector<Caller*> held;
  for (int i = 0; i < 3; ++i) held.push_back(&borrow());
  ASSERT_EQ(stats().overflow, 2);
  for (Caller* caller : held) caller->lease.release();
  loop.advance(seconds(1) - kInstant);
  EXPECT_EQ(stats().idle, 3);
  loop.advance(kInstant);
  EXPECT_EQ(stats().idle, 1);
  EXPECT_EQ(closed("surplus"), 2);
  loop.advance(minutes(10));
  EXPECT_EQ(stats().idle, 1);
}

TEST_F(PoolMaintenance, SendsHeartbeatsWithTenPercentJitter) {
  options.keepalive = seconds(30);
  for (int round = 0; round < 20; ++round) {
    warm(1);
    const int before = database.pings.calls();
    loop.advance(seconds(27) - milliseconds(1));
    EXPECT_EQ(database.pings.calls(), before);
    loop.advance(seconds(6) + milliseconds(1));
    EXPECT_EQ(database.pings.calls(), before + 1);
    pool_.reset();
  }
}

TEST_F(PoolMaintenance, PingsOneIdleConnectionAtATime) {
  options.keepalive = seconds(30);
  warm(3);
  database.pings.always(Answer::never());
  advance_to_unanswered_ping();
  loop.advance(milliseconds(900));
  EXPECT_EQ(database.pings.calls(), 1);
  EXPECT_EQ(stats().idle, 2);
  EXPECT_TRUE(ask().served());
}

TEST_F(PoolMaintenance, AHeartbeatThatWasDueMeanwhileFollowsAtOnce) {
  options.keepalive = milliseconds(300);
  warm(3);
  database.pings.always(Answer::never());
  advance_to_unanswered_ping();
  loop.advance(milliseconds(900));
  database.pings.answer_oldest(Answer::ok());
  loop.run_posted();
  EXPECT_EQ(database.pings.calls(), 2);
  EXPECT_EQ(database.pings.waiting(), 1);
}

TEST_F(PoolMaintenance, AfterASilentHeartbeatTheOthersFollow) {
  options.keepalive = milliseconds(300);
  warm(3);
  database.pings.next(Answer::never());
  advance_to_unanswered_ping();
  loop.advance(seconds(1));
  EXPECT_EQ(closed("ping_failed"), 1);
  EXPECT_EQ(database.pings.calls(), 3);
}

TEST_F(PoolMaintenance, AHeartbeatProvesThatAConnectionLives) {
  options.keepalive = seconds(30);
  warm(1);
  loop.advance(seconds(50));
  const int pings = database.pings.calls();
  ASSERT_GE(pings, 1);
  EXPECT_TRUE(ask().served());
  EXPECT_EQ(database.pings.calls(), pings);
}

TEST_F(PoolMaintenance, AFailedHeartbeatIsReportedAndTheMinimumRefilled) {
  options.keepalive = seconds(30);
  options.min_size = 1;
  warm(1);
  database.pings.next(Answer::fails(testing::session_lost()));
  loop.advance(seconds(34));
  EXPECT_EQ(listener.ping_errors.size(), 1U);
  EXPECT_EQ(closed("ping_failed"), 1);
  EXPECT_EQ(stats().idle, 1);
}

TEST_F(PoolMaintenance, ACallerDuringTheOnlyHeartbeatGetsThatConnection) {
  options.keepalive = seconds(30);
  warm(1);
  database.pings.next(Answer::never());
  advance_to_unanswered_ping();
  auto& caller = borrow();
  EXPECT_FALSE(caller.served());
  EXPECT_EQ(database.connecting(), 0);
  database.pings.answer_oldest(Answer::ok());
  EXPECT_TRUE(caller.served());
  EXPECT_EQ(database.opened(), 1);
}

TEST_F(PoolMaintenance, AnUnusedPoolClosesEverything) {
  options.pool_idle_timeout = minutes(5);
  options.min_size = 2;
  warm(2);
  loop.advance(minutes(5) - kInstant);
  EXPECT_EQ(stats().idle, 2);
  EXPECT_EQ(listener.count(PoolEvent::kPoolClosed), 0);
  loop.advance(kInstant);
  EXPECT_EQ(stats().total(), 0);
  EXPECT_EQ(closed("pool_idle"), 2);
  EXPECT_EQ(listener.count(PoolEvent::kPoolClosed), 1);
  loop.advance(minutes(60));
  EXPECT_EQ(stats().total(), 0);
  EXPECT_EQ(listener.count(PoolEvent::kPoolClosed), 1);
}

TEST_F(PoolMaintenance, TheNextCallerOpensAnUnusedPoolAgain) {
  options.pool_idle_timeout = minutes(5);
  options.min_size = 2;
  warm(2);
  const auto before = stats();
  loop.advance(minutes(6));
  EXPECT_TRUE(borrow().served());
  EXPECT_GE(stats().total(), 2);
  EXPECT_GT(stats().connections_created, before.connections_created);
  EXPECT_GT(stats().acquired, before.acquired);
}

TEST_F(PoolMaintenance, AReopenedPoolStartsSlowlyAgain) {
  options.pool_idle_timeout = minutes(5);
  warm(3);
  loop.advance(minutes(6));
  database.connects.always(Answer::never());
  for (int i = 0; i < 3; ++i) ask();
  EXPECT_EQ(database.connecting(), 1);
}

TEST_F(PoolMaintenance, APoolIsInUseAsLongAsALeaseIsOut) {
  options.pool_idle_timeout = minutes(5);
  warm(2);
  auto& held = borrow();
  loop.advance(minutes(60));
  EXPECT_EQ(stats().total(), 2);
  held.lease.release();
  loop.advance(minutes(5) - kInstant);
  EXPECT_EQ(stats().total(), 2);
  loop.advance(kInstant);
  EXPECT_EQ(stats().total(), 0);
}

TEST_F(PoolMaintenance, ACallerAtTheVeryMomentOfIdlingOutIsServed) {
  options.pool_idle_timeout = minutes(5);
  warm(1);
  database.closes.always(Answer::ok(milliseconds(10)));
  loop.advance(minutes(5));
  ASSERT_EQ(stats().cleaning, 1);
  auto& caller = borrow();
  EXPECT_TRUE(caller.served());
  EXPECT_EQ(caller.connection().number(), 2);
}

TEST_F(PoolMaintenance, IdlingOutAbandonsConnectsUnderWay) {
  options.pool_idle_timeout = seconds(4);
  options.min_size = 1;
  database.connects.always(Answer::never());
  auto& gone = ask(seconds(1));
  loop.advance(seconds(4));
  EXPECT_EQ(gone.code(), ErrorCode::kAcquireTimeout);
  EXPECT_EQ(database.connecting(), 0);
  EXPECT_EQ(stats().total(), 0);
}

TEST_F(PoolMaintenance, AConnectionBeingCleanedAtIdleOutIsClosedAfterwards) {
  options.pool_idle_timeout = seconds(1);
  database.resets.always(Answer::ok(seconds(2)));
  auto& caller = borrow();
  caller.connection().make_dirty();
  caller.lease.release();
  loop.advance(seconds(2));
  EXPECT_EQ(closed("pool_idle"), 1);
  EXPECT_EQ(stats().total(), 0);
}

}  // namespace
}  // namespace sluice::pool
