// Refill, back-off and probes.
#include "unit/pool/pool_bench.h"

namespace sluice::pool {
namespace {

class PoolOpening : public PoolBench {};

TEST_F(PoolOpening, RampsUpOneTwoFour) {
  options.max_size = 20;
  options.max_waiters = 100;
  database.connects.always(Answer::never());
  for (int i = 0; i < 20; ++i) ask(minutes(10));
  EXPECT_EQ(database.connecting(), 1);
  database.connects.answer_oldest(Answer::ok());
  EXPECT_EQ(database.connecting(), 2);
  database.connects.answer_oldest(Answer::ok());
  EXPECT_EQ(database.connecting(), 4);
  database.connects.answer_oldest(Answer::ok());
  EXPECT_EQ(database.connecting(), 8);
}

TEST_F(PoolOpening, OpensNoMoreThanThereAreCallersForOrRoom) {
  for (int i = 0; i < 10; ++i) ask(minutes(1));
  loop.run_posted();
  EXPECT_EQ(database.opened(), 3);
  EXPECT_EQ(stats().used, 3);
  EXPECT_EQ(stats().waiting, 7);
}

TEST_F(PoolOpening, OneCallerCausesOneConnection) {
  for (int i = 0; i < 20; ++i) {
    auto& caller = borrow();
    caller.lease.release();
    loop.run_posted();
  }
  EXPECT_EQ(database.opened(), 1);
}

TEST_F(PoolOpening, ReachesTheMaximumInAFewRoundTrips) {
  options.max_size = 18;
  database.connects.always(Answer::ok(milliseconds(20)));
  for (int i = 0; i < 18; ++i) ask();
  loop.advance(milliseconds(20) * 5);  // 1 + 2 + 4 + 8 + the rest
  EXPECT_EQ(stats().used, 18);
}

TEST_F(PoolOpening, AConnectThatOutlivesItsCallerStaysForTheNext) {
  database.connects.always(Answer::ok(seconds(2)));
  auto& gone = ask(seconds(1));
  loop.advance(seconds(1));
  EXPECT_EQ(gone.code(), ErrorCode::kAcquireTimeout);
  loop.advance(seconds(1));
  EXPECT_EQ(stats().idle, 1);
  EXPECT_TRUE(ask().served());
  EXPECT_EQ(database.opened(), 1);
}

TEST_F(PoolOpening, AConnectThatOutlivesItsCallerGoesToTheNextWaiter) {
  options.max_size = 1;
  database.connects.always(Answer::ok(seconds(2)));
  auto& gone = ask();
  auto& next = ask();
  pool().cancel(gone.id);
  loop.advance(seconds(2));
  EXPECT_TRUE(next.served());
}

TEST_F(PoolOpening, AFailedConnectIsToldToEveryWaiterWhenNoConnectionIsLeft) {
  database.connects.always(Answer::fails(testing::refused_connection()));
  auto& a = ask();
  auto& b = ask();
  loop.run_posted();
  for (const Caller* caller : {&a, &b}) {
    EXPECT_EQ(caller->code(), ErrorCode::kDatabaseUnavailable);
    EXPECT_EQ(caller->error->message, "connection refused");
    EXPECT_TRUE(caller->error->retryable);
    EXPECT_EQ(caller->error->outcome, Outcome::kNotStarted);
    ASSERT_TRUE(caller->error->retry_after);
    EXPECT_LE(*caller->error->retry_after, milliseconds(100));
    EXPECT_GT(*caller->error->retry_after, milliseconds(0));
  }
  EXPECT_EQ(stats().connect_errors, 1);
  EXPECT_EQ(stats().total(), 0);
  EXPECT_EQ(listener.count(PoolEvent::kConnectFailed, "connection refused"), 1);
}

TEST_F(PoolOpening, WhileBackingOffCallersAreRefusedAtOnceAndNothingIsTried) {
  database.connects.always(Answer::fails(testing::refused_connection()));
  borrow();
  const auto& refused = ask();
  EXPECT_EQ(refused.id, 0U);
  EXPECT_EQ(refused.code(), ErrorCode::kDatabaseUnavailable);
  EXPECT_EQ(database.connects.calls(), 1);
}

TEST_F(PoolOpening, TriesAgainAtTheEndOfTheBackOffAndNotBefore) {
  database.connects.next(Answer::fails(testing::refused_connection()));
  options.min_size = 1;
  const auto pause = borrow().error->retry_after.value();  // rounded up to a millisecond
  loop.advance(pause - milliseconds(1));
  EXPECT_EQ(database.connects.calls(), 1);
  loop.advance(milliseconds(1));
  EXPECT_EQ(database.connects.calls(), 2);  // min_size needs no caller
  EXPECT_EQ(stats().idle, 1);
}

TEST_F(PoolOpening, NeverTriesMoreOftenThanTheBackOffAllows) {
  database.connects.always(Answer::fails(testing::refused_connection()));
  options.min_size = 2;
  borrow();
  loop.advance(minutes(2));
  // Full jitter from 100 ms to 10 s: about 5 s apart once it is long.
  EXPECT_LT(database.connects.calls(), 80);
  EXPECT_GT(database.connects.calls(), 12);
  EXPECT_EQ(database.most_connecting(), 1);
}

TEST_F(PoolOpening, RecoversByItselfWhenTheDatabaseComesBack) {
  options.min_size = 2;
  give_back(borrow());
  database.connects.always(Answer::fails(testing::refused_connection()));
  database.lose_all();
  for (int i = 0; i < 10; ++i) {
    borrow();
    loop.advance(seconds(11));
  }
  EXPECT_EQ(stats().idle, 0);
  database.connects.always(Answer::ok());
  loop.advance(Refill::kLongestBackOff);
  EXPECT_EQ(stats().idle, 2) << "nobody had to ask";
  EXPECT_TRUE(borrow().served());
  EXPECT_TRUE(borrow().served());
}

TEST_F(PoolOpening, WaitersOfAPoolWithLiveConnectionsSurviveAFailedConnect) {
  auto& holder = borrow();
  database.connects.next(Answer::fails(testing::too_many_connections()));
  auto& waiter = borrow();
  EXPECT_EQ(waiter.answers, 0);
  holder.lease.release();
  EXPECT_TRUE(waiter.served());
}

TEST_F(PoolOpening, WaitersAreFailedWhenTheLastLiveConnectionGoesDuringTheBackOff) {
  auto& holder = borrow();
  database.connects.always(Answer::fails(testing::refused_connection()));
  auto& waiter = borrow();
  holder.connection().lose();
  holder.lease.release();
  EXPECT_EQ(waiter.code(), ErrorCode::kDatabaseUnavailable);
}

TEST_F(PoolOpening, WrongCredentialsAreNotWorthARetry) {
  database.connects.always(Answer::fails(testing::rejected_credentials()));
  const auto& caller = borrow();
  EXPECT_EQ(caller.code(), ErrorCode::kConnectionRejected);
  EXPECT_EQ(caller.error->sqlstate(), "28P01");
  EXPECT_FALSE(caller.error->retryable);
}

TEST_F(PoolOpening, ASilentHostEndsAtTheConnectTimeout) {
  options.connect_timeout = seconds(3);
  database.connects.always(Answer::never());
  const auto& caller = ask(seconds(10));
  loop.advance(seconds(3) - std::chrono::nanoseconds(1));
  EXPECT_EQ(caller.answers, 0);
  loop.advance(std::chrono::nanoseconds(1));
  EXPECT_EQ(caller.code(), ErrorCode::kConnectTimeout);
  EXPECT_EQ(listener.connects, std::vector<base::Duration>{seconds(3)});
}

TEST_F(PoolOpening, AConnectorThatForgetsItsDeadlineDoesNotBlockThePool) {
  options.max_size = 1;
  options.connect_timeout = seconds(3);
  database.keeps_connect_deadline = false;
  database.connects.next(Answer::never());
  const auto& caller = ask(seconds(10));
  loop.advance(milliseconds(3'499));
  EXPECT_EQ(caller.answers, 0);
  loop.advance(milliseconds(1));
  EXPECT_EQ(caller.code(), ErrorCode::kConnectTimeout);
  EXPECT_EQ(stats().total(), 0);
  loop.advance(seconds(1));
  EXPECT_TRUE(borrow().served());
}

TEST_F(PoolOpening, KeepsMinSizeOnlyOnceItIsUsed) {
  options.min_size = 2;
  pool();
  loop.advance(minutes(1));
  EXPECT_EQ(database.opened(), 0);
  borrow().lease.release();
  loop.run_posted();
  EXPECT_GE(stats().idle, 2);
}

TEST_F(PoolOpening, RefillsMinSizeWhenConnectionsBreak) {
  options.min_size = 2;
  borrow().lease.release();
  loop.run_posted();
  const int before = stats().idle;
  database.lose_all();
  EXPECT_EQ(closed("broken"), before);
  loop.run_posted();
  EXPECT_EQ(stats().idle, 2);
}

TEST_F(PoolOpening, RefillsMinSizeWithoutAStorm) {
  options.max_size = options.min_size = 16;
  borrow().lease.release();
  loop.run_posted();
  ASSERT_EQ(stats().idle, 16);
  database.connects.always(Answer::fails(testing::refused_connection()));
  database.lose_all();
  loop.advance(seconds(1));
  const int tried = database.connects.calls();
  loop.advance(minutes(1));
  EXPECT_LE(database.connects.calls() - tried, 30) << "one after each pause";
  database.connects.always(Answer::never());
  while (database.connecting() == 0) loop.advance(milliseconds(10));
  EXPECT_EQ(database.connecting(), 1);
}

TEST_F(PoolOpening, OpensOverflowOnlyForWaitersAboveMaxSize) {
  options.max_size = 2;
  options.max_overflow = 1;
  for (int i = 0; i < 5; ++i) borrow();
  EXPECT_EQ(stats().used, 3);
  EXPECT_EQ(stats().overflow, 1);
  EXPECT_EQ(stats().waiting, 2);
}

TEST_F(PoolOpening, SuspendedItOpensNothingByItself) {
  pool().suspend_refill(true);
  auto& waiter = borrow();
  EXPECT_EQ(database.connects.calls(), 0);
  pool().suspend_refill(false);
  loop.run_posted();
  EXPECT_TRUE(waiter.served());
}

TEST_F(PoolOpening, AProbeConnectsAndPingsEvenWhileSuspended) {
  pool().suspend_refill(true);
  std::optional<Status> probed;
  pool().probe([&](Status status) { probed = status; });
  loop.run_posted();
  ASSERT_TRUE(probed);
  EXPECT_TRUE(*probed);
  EXPECT_EQ(database.pings.calls(), 1);
  EXPECT_EQ(stats().idle, 1);
  EXPECT_TRUE(ask().served());
}

TEST_F(PoolOpening, AProbeReportsWhyItFailed) {
  database.connects.next(Answer::fails(testing::refused_connection()));
  std::optional<Status> probed;
  pool().probe([&](Status status) { probed = status; });
  loop.run_posted();
  ASSERT_TRUE(probed && !*probed);
  EXPECT_EQ(probed->error().fault, Fault::kDatabase);
  probed.reset();
  database.pings.next(Answer::never());
  pool().probe([&](Status status) { probed = status; });
  loop.advance(milliseconds(999));
  EXPECT_FALSE(probed);
  loop.advance(milliseconds(1));
  ASSERT_TRUE(probed && !*probed);
  EXPECT_EQ(probed->error().fault, Fault::kDatabase);
  EXPECT_EQ(closed("ping_failed"), 1);
}

TEST_F(PoolOpening, AProbeUsesAnIdleConnectionWhenEverySlotIsTaken) {
  warm(3);
  std::optional<Status> probed;
  pool().probe([&](Status status) { probed = status; });
  loop.run_posted();
  EXPECT_TRUE(probed && *probed);
  EXPECT_EQ(database.opened(), 3);
}

TEST_F(PoolOpening, AProbeWithoutASlotIsNobodysFault) {
  for (int i = 0; i < 3; ++i) borrow();
  std::optional<Status> probed;
  pool().probe([&](Status status) { probed = status; });
  ASSERT_TRUE(probed && !*probed);
  EXPECT_EQ(probed->error().fault, Fault::kCaller);
}

TEST_F(PoolOpening, OnlyOneProbeAtATime) {
  database.connects.always(Answer::never());
  std::optional<Status> first;
  std::optional<Status> second;
  pool().probe([&](Status status) { first = status; });
  pool().probe([&](Status status) { second = status; });
  EXPECT_FALSE(first);
  ASSERT_TRUE(second && !*second);
  EXPECT_EQ(second->error().fault, Fault::kCaller);
}

TEST_F(PoolOpening, AProbedConnectionGoesToAWaiter) {
  pool().suspend_refill(true);
  auto& waiter = ask();
  pool().probe([](const Status&) {});
  loop.run_posted();
  EXPECT_TRUE(waiter.served());
}

}  // namespace
}  // namespace sluice::pool
