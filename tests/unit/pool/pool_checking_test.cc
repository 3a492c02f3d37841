// Pings, resets and closes, and what happens when they fail or never end.
#include "unit/pool/pool_bench.h"

namespace sluice::pool {
namespace {

class PoolChecking : public PoolBench {};

TEST_F(PoolChecking, TrustsAConnectionForThirtySeconds) {
  warm(1);
  loop.advance(seconds(30));
  EXPECT_TRUE(ask().served());
  EXPECT_EQ(database.pings.calls(), 0);
}

TEST_F(PoolChecking, PingsAConnectionThatWasIdleLonger) {
  warm(1);
  loop.advance(seconds(30) + std::chrono::nanoseconds(1));
  auto& caller = ask();
  EXPECT_FALSE(caller.served());
  EXPECT_EQ(stats().cleaning, 1);
  loop.run_posted();
  EXPECT_TRUE(caller.served());
  EXPECT_EQ(database.pings.calls(), 1);
  EXPECT_EQ(database.opened(), 1);
}

TEST_F(PoolChecking, PingsAlwaysWhenToldTo) {
  options.pre_ping = PrePing::kAlways;
  warm(1);
  for (int i = 1; i <= 5; ++i) {
    loop.advance(milliseconds(1));
    auto& caller = borrow();
    ASSERT_TRUE(caller.served());
    EXPECT_EQ(database.pings.calls(), i);
    caller.lease.release();
  }
  EXPECT_EQ(database.opened(), 1);  // pinging is no reason to open more
}

TEST_F(PoolChecking, NeverPingsWhenToldSo) {
  options.pre_ping = PrePing::kNever;
  warm(1);
  pool().suspect_idle();
  loop.advance(minutes(60));
  EXPECT_TRUE(ask().served());
}

TEST_F(PoolChecking, SuspectedConnectionsMustAnswerFirst) {
  warm(1);
  pool().suspect_idle();
  auto& caller = ask();
  EXPECT_FALSE(caller.served());
  loop.run_posted();
  ASSERT_TRUE(caller.served());
  caller.lease.release();
  EXPECT_TRUE(ask().served());
  EXPECT_EQ(database.pings.calls(), 1);
}

TEST_F(PoolChecking, AConnectionUsedSinceTheSuspicionIsAboveIt) {
  auto& caller = borrow();
  pool().suspect_idle();
  caller.lease.release();
  EXPECT_TRUE(ask().served());
}

TEST_F(PoolChecking, AFailedPingCostsTheConnectionAndMakesTheOthersSuspect) {
  warm(3);
  pool().suspect_idle();
  database.pings.next(Answer::fails(testing::session_lost()));
  auto& caller = borrow();
  ASSERT_TRUE(caller.served());
  EXPECT_EQ(closed("ping_failed"), 1);
  EXPECT_EQ(listener.ping_errors.size(), 1U);
  EXPECT_EQ(listener.count(PoolEvent::kClosed, "ping_failed"), 1);
}

TEST_F(PoolChecking, OneDeadHeartbeatMakesTheOthersProveThemselves) {
  options.keepalive = seconds(10);
  warm(2);
  database.pings.next(Answer::fails(testing::session_lost()));
  while (listener.ping_errors.empty()) loop.advance(milliseconds(1));
  ASSERT_EQ(stats().idle, 1);
  const int pings = database.pings.calls();
  auto& caller = ask();
  EXPECT_FALSE(caller.served());
  loop.run_posted();
  EXPECT_TRUE(caller.served());
  EXPECT_EQ(database.pings.calls(), pings + 1);
}

TEST_F(PoolChecking, APingHasOneSecond) {
  options.max_size = 1;
  warm(1);
  pool().suspect_idle();
  database.pings.always(Answer::never());
  auto& caller = ask();
  loop.advance(milliseconds(999));
  EXPECT_EQ(stats().cleaning, 1);
  loop.advance(milliseconds(1));
  EXPECT_EQ(closed("ping_failed"), 1);
  EXPECT_EQ(listener.pings, std::vector<base::Duration>{seconds(1)});
  loop.run_posted();
  ASSERT_TRUE(caller.served());
  EXPECT_EQ(caller.connection().number(), 2);
}

TEST_F(PoolChecking, AfterASilentPingNewConnectionsAreOpenedBesidesFurtherPings) {
  options.max_size = 10;
  warm(5);
  pool().suspect_idle();
  database.pings.always(Answer::never());
  auto& caller = ask();
  loop.advance(seconds(1));
  // The second idle one is just as silent, but nobody waits for it.
  EXPECT_TRUE(caller.served());
  EXPECT_EQ(caller.connection().number(), 6);
}

TEST_F(PoolChecking, TrustsPingsAgainAfterAGoodConnect) {
  options.pre_ping = PrePing::kAlways;
  warm(1);
  database.pings.next(Answer::fails(testing::session_lost()));
  loop.advance(seconds(1));
  auto& caller = borrow();
  ASSERT_EQ(caller.connection().number(), 2);
  caller.lease.release();
  loop.advance(seconds(1));
  database.pings.always(Answer::never());
  ask();
  EXPECT_EQ(database.pings.waiting(), 1);
  EXPECT_EQ(database.connecting(), 0);
}

TEST_F(PoolChecking, EveryWaiterGetsAPingOfItsOwn) {
  warm(3);
  pool().suspect_idle();
  database.pings.always(Answer::never());
  ask();
  ask();
  EXPECT_EQ(database.pings.waiting(), 2);
  EXPECT_EQ(stats().idle, 1);
}

TEST_F(PoolChecking, AClosedIdleConnectionIsNoticedAtOnce) {
  warm(2);
  database.connections()[0]->lose();
  EXPECT_EQ(stats().idle, 1);
  EXPECT_EQ(closed("broken"), 1);
  EXPECT_EQ(database.live(), 1);
}

TEST_F(PoolChecking, AResetHasFiveSeconds) {
  database.resets.always(Answer::never());
  auto& caller = borrow();
  caller.connection().make_dirty();
  caller.lease.release();
  loop.advance(milliseconds(4'999));
  EXPECT_EQ(stats().cleaning, 1);
  loop.advance(milliseconds(1));
  EXPECT_EQ(stats().total(), 0);
  EXPECT_EQ(closed("reset_failed"), 1);
  EXPECT_EQ(database.live(), 0);
}

TEST_F(PoolChecking, AFailedResetCostsTheConnection) {
  options.max_size = 1;
  database.resets.always(Answer::fails(testing::session_lost()));
  auto& caller = borrow();
  caller.connection().make_dirty();
  auto& waiter = ask();
  caller.lease.release();
  loop.run_posted();
  EXPECT_EQ(closed("reset_failed"), 1);
  ASSERT_TRUE(waiter.served());
  EXPECT_EQ(waiter.connection().number(), 2);
}

TEST_F(PoolChecking, SilentServersNeverKeepTheSlotsOfReleasedLeases) {
  database.resets.always(Answer::never());
  for (int i = 0; i < 3; ++i) borrow();
  for (auto& caller : callers) {
    caller.connection().make_dirty();
    caller.lease.release();
  }
  auto& waiter = ask(seconds(6));
  loop.advance(seconds(5));
  EXPECT_TRUE(waiter.served());
  EXPECT_LE(database.most_live(), 3);
}

TEST_F(PoolChecking, AClosingConnectionKeepsItsSlotUntilTheServerHasLetGo) {
  options.max_size = 1;
  options.max_queries = 1;
  database.closes.always(Answer::never());
  auto& first = borrow();
  auto& waiter = ask();
  first.lease.release();
  loop.advance(milliseconds(500));
  EXPECT_EQ(stats().cleaning, 1);
  EXPECT_EQ(waiter.answers, 0);
  database.closes.answer_oldest(Answer::ok());
  loop.run_posted();
  EXPECT_TRUE(waiter.served());
  EXPECT_EQ(database.most_live(), 1);
}

TEST_F(PoolChecking, ACloseHasTwoSeconds) {
  options.max_size = 1;
  options.max_queries = 1;
  database.closes.always(Answer::never());
  borrow().lease.release();
  loop.advance(milliseconds(1'999));
  EXPECT_EQ(stats().total(), 1);
  loop.advance(milliseconds(1));
  EXPECT_EQ(stats().total(), 0);
  EXPECT_EQ(database.live(), 0);
  EXPECT_EQ(closed("max_queries"), 1);
}

TEST_F(PoolChecking, AConnectionLostDuringAPingIsDropped) {
  warm(1);
  pool().suspect_idle();
  database.pings.always(Answer::never());
  auto& caller = ask();
  database.connections()[0]->lose();
  EXPECT_EQ(closed("ping_failed"), 1);
  loop.run_posted();
  EXPECT_TRUE(caller.served());
}

TEST_F(PoolChecking, ALateOrBrokenPingNeverServesTwice) {
  warm(1);
  pool().suspect_idle();
  database.pings.always(Answer::never());
  auto& a = ask();
  pool().cancel(a.id);
  database.pings.answer_oldest(Answer::ok());
  EXPECT_EQ(a.answers, 0);
  EXPECT_EQ(stats().idle, 1);
}

}  // namespace
}  // namespace sluice::pool
