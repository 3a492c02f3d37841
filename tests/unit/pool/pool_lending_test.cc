// Acquire, release, the queue and its deadlines.
#include "unit/pool/pool_bench.h"

namespace sluice::pool {
namespace {

class PoolLending : public PoolBench {};

TEST_F(PoolLending, OpensAConnectionForTheFirstCaller) {
  auto& caller = ask();
  EXPECT_NE(caller.id, 0U);
  EXPECT_EQ(stats().connecting, 1);
  EXPECT_EQ(stats().waiting, 1);
  loop.run_posted();
  ASSERT_TRUE(caller.served());
  EXPECT_EQ(stats().used, 1);
  EXPECT_EQ(stats().total(), 1);
  EXPECT_EQ(listener.count(PoolEvent::kConnected), 1);
  EXPECT_EQ(listener.count(PoolEvent::kAcquired), 1);
}

TEST_F(PoolLending, LendsAnIdleConnectionFromInsideTheCall) {
  warm(1);
  auto& caller = ask();
  EXPECT_EQ(caller.id, 0U);
  EXPECT_TRUE(caller.served());
  EXPECT_EQ(database.opened(), 1);
}

TEST_F(PoolLending, LendsTheMostRecentlyUsedConnectionFirst) {
  warm(3);
  auto& a = borrow();
  auto& b = borrow();
  auto& c = borrow();
  const int last = b.connection().number();
  a.lease.release();
  c.lease.release();
  b.lease.release();
  EXPECT_EQ(borrow().connection().number(), last);
}

TEST_F(PoolLending, ShrinksItsWorkingSetBecauseReuseIsLastInFirstOut) {
  warm(3);
  for (int i = 0; i < 10; ++i) {
    auto& caller = borrow();
    caller.lease.release();
    loop.advance(seconds(1));
  }
  int used = 0;
  options.idle_timeout = seconds(5);
  pool().configure(options);
  loop.advance(seconds(1));
  used = stats().idle;
  EXPECT_EQ(used, 1);  // the other two idled out although the pool was busy
}

TEST_F(PoolLending, ServesWaitersInTheOrderTheyCame) {
  options.max_size = 1;
  auto& holder = borrow();
  for (int i = 0; i < 4; ++i) ask();
  for (std::size_t i = 1; i <= 4; ++i) {
    callers[i - 1].lease.release();
    ASSERT_TRUE(callers[i].served()) << i;
    for (std::size_t j = i + 1; j <= 4; ++j) ASSERT_EQ(callers[j].answers, 0);
  }
  EXPECT_FALSE(holder.served());
}

TEST_F(PoolLending, ANewcomerNeverOvertakesAWaiter) {
  options.max_size = 1;
  auto& holder = borrow();
  auto& waiter = ask();
  Caller* newcomer = nullptr;
  listener.also = [&](PoolEvent event) {
    if (event == PoolEvent::kReleased && !newcomer) newcomer = &ask();
  };
  holder.lease.release();
  EXPECT_TRUE(waiter.served());
  ASSERT_NE(newcomer, nullptr);
  EXPECT_FALSE(newcomer->served());
}

TEST_F(PoolLending, TimesOutAtTheDeadlineAndNotBefore) {
  options.max_size = 1;
  borrow();
  auto& waiter = ask(seconds(2));
  loop.advance(seconds(2) - std::chrono::nanoseconds(1));
  EXPECT_EQ(waiter.answers, 0);
  loop.advance(std::chrono::nanoseconds(1));
  EXPECT_EQ(waiter.answers, 1);
  EXPECT_EQ(waiter.code(), ErrorCode::kAcquireTimeout);
  EXPECT_EQ(waiter.error->fault, Fault::kOverload);
  EXPECT_TRUE(waiter.error->retryable);
  EXPECT_EQ(waiter.error->outcome, Outcome::kNotStarted);
  EXPECT_EQ(stats().acquire_timeouts, 1);
  loop.advance(minutes(1));
  EXPECT_EQ(waiter.answers, 1);
}

TEST_F(PoolLending, ExplainsATimeout) {
  options.max_size = 1;
  borrow();
  auto& waiter = ask(seconds(5));
  ask(seconds(6));
  ask(seconds(6));
  loop.advance(seconds(5));
  EXPECT_EQ(waiter.error->message,
            "no connection became free within 5000 ms: 1 of 1 in use, 2 callers still waiting; "
            "raise pool.max_size, or find what holds them");
}

TEST_F(PoolLending, SpuriousActivityDoesNotExtendADeadline) {
  options.max_size = 1;
  options.max_waiters = 10;
  auto& holder = borrow();
  auto& first = ask(seconds(10));
  auto& second = ask(seconds(3));
  loop.advance(seconds(2));
  holder.lease.release();
  ASSERT_TRUE(first.served());
  loop.advance(seconds(1));
  EXPECT_EQ(second.code(), ErrorCode::kAcquireTimeout);
}

TEST_F(PoolLending, RefusesACallerWhoseDeadlineHasPassed) {
  warm(1);
  auto& caller = ask(seconds(0));
  EXPECT_EQ(caller.id, 0U);
  EXPECT_EQ(caller.code(), ErrorCode::kAcquireTimeout);
  EXPECT_EQ(stats().idle, 1);
}

TEST_F(PoolLending, RefusesAtOnceWhenTheQueueIsFull) {
  options.max_size = 1;
  options.max_waiters = 2;
  borrow();
  ask();
  ask();
  auto& refused = ask();
  EXPECT_EQ(refused.id, 0U);
  EXPECT_EQ(refused.code(), ErrorCode::kQueueFull);
  EXPECT_EQ(refused.error->fault, Fault::kOverload);
  EXPECT_TRUE(refused.error->retryable);
  EXPECT_EQ(stats().waiting, 2);
}

TEST_F(PoolLending, BoundsTheQueueAlsoWhenNoConnectionCouldCome) {
  options.max_waiters = 2;
  pool().suspend_refill(true);
  ask();
  ask();
  EXPECT_EQ(ask().code(), ErrorCode::kQueueFull);
  EXPECT_EQ(database.connects.calls(), 0);
}

TEST_F(PoolLending, AWaiterThatLeavesMakesRoomInTheQueue) {
  options.max_size = 1;
  options.max_waiters = 1;
  borrow();
  auto& waiter = ask();
  pool().cancel(waiter.id);
  EXPECT_EQ(waiter.answers, 0);
  EXPECT_NE(ask().id, 0U);
}

TEST_F(PoolLending, ACancelledWaiterHearsNothingMore) {
  options.max_size = 1;
  auto& holder = borrow();
  auto& gone = ask(seconds(1));
  auto& next = ask();
  pool().cancel(gone.id);
  pool().cancel(gone.id);
  holder.lease.release();
  EXPECT_TRUE(next.served());
  loop.advance(seconds(2));
  EXPECT_EQ(gone.answers, 0);
}

TEST_F(PoolLending, CancellingAServedWaiterChangesNothing) {
  auto& caller = borrow();
  auto& other = ask();
  pool().cancel(caller.id);
  EXPECT_TRUE(caller.served());
  loop.run_posted();
  EXPECT_TRUE(other.served());
}

TEST_F(PoolLending, ABrokenConnectionThatComesBackIsReplacedForTheWaiter) {
  options.max_size = 1;
  auto& holder = borrow();
  auto& waiter = ask();
  holder.connection().lose();
  holder.lease.release();
  EXPECT_EQ(closed("broken"), 1);
  loop.run_posted();
  ASSERT_TRUE(waiter.served());
  EXPECT_EQ(waiter.connection().number(), 2);
  EXPECT_EQ(database.most_live(), 1);
}

TEST_F(PoolLending, AConnectionLostDuringAStatementIsNotLentAgain) {
  struct : RowSink {
    void on_columns(const std::vector<Column>&) override {}
    RowVerdict on_row(std::span<const Cell>) override { return RowVerdict::kContinue; }
  } sink;
  auto& caller = borrow();
  database.executes.next(Answer::loses_connection());
  Query query;
  query.sql = "SELECT 1";
  caller.lease.connection().execute(query, {}, sink, [](const Result<Completion>&) {});
  loop.run_posted();
  caller.lease.release();
  EXPECT_EQ(closed("broken"), 1);
  EXPECT_EQ(borrow().connection().number(), 2);
}

TEST_F(PoolLending, AConnectionThatSpokeWhileItWasLentIsNotTrustedAgain) {
  auto& clean = borrow();
  auto& dirty = borrow();
  clean.connection().speak();
  dirty.connection().speak();
  dirty.connection().make_dirty();
  clean.lease.release();
  dirty.lease.release();
  EXPECT_EQ(stats().total(), 0);
  EXPECT_EQ(database.resets.calls(), 0);
  EXPECT_EQ(listener.count(PoolEvent::kClosed, "broken"), 2);
}

TEST_F(PoolLending, TellsHowMuchOfTheWaitWasConnecting) {
  database.connects.always(Answer::ok(milliseconds(30)));
  auto& first = ask();
  loop.advance(milliseconds(30));
  EXPECT_EQ(first.lease.connect_time(), milliseconds(30));
  first.lease.release();
  EXPECT_EQ(borrow().lease.connect_time(), milliseconds(0));
}

TEST_F(PoolLending, ConnectTimeNeverExceedsTheWait) {
  options.max_size = 1;
  database.connects.always(Answer::ok(milliseconds(30)));
  auto& first = ask();
  loop.advance(milliseconds(20));
  auto& second = ask();
  pool().cancel(first.id);
  loop.advance(milliseconds(10));
  EXPECT_EQ(second.lease.connect_time(), milliseconds(10));
}

TEST_F(PoolLending, AMovedLeaseGivesBackOnce) {
  auto& caller = borrow();
  Lease moved = std::move(caller.lease);
  Lease assigned;
  assigned = std::move(moved);
  EXPECT_FALSE(moved);
  caller.lease.release();
  EXPECT_EQ(stats().used, 1);
  assigned.release();
  assigned.release();
  EXPECT_EQ(stats().used, 0);
  EXPECT_EQ(stats().released, 1);
}

TEST_F(PoolLending, AssigningOverALeaseGivesTheOldOneBack) {
  auto& a = borrow();
  auto& b = borrow();
  a.lease = std::move(b.lease);
  EXPECT_EQ(stats().used, 1);
  EXPECT_EQ(stats().idle, 1);
}

TEST_F(PoolLending, CleansADirtyConnectionOffTheCallersPath) {
  database.resets.always(Answer::ok(milliseconds(5)));
  auto& caller = borrow();
  caller.connection().make_dirty();
  caller.lease.release();
  EXPECT_EQ(stats().cleaning, 1);
  EXPECT_EQ(stats().idle, 0);
  loop.advance(milliseconds(5));
  EXPECT_EQ(stats().idle, 1);
  EXPECT_EQ(database.resets.calls(), 1);
}

TEST_F(PoolLending, NobodyGetsAConnectionBeforeItIsClean) {
  options.max_size = 1;
  database.resets.always(Answer::never());
  auto& holder = borrow();
  holder.connection().make_dirty();
  auto& waiter = ask();
  holder.lease.release();
  loop.advance(seconds(1));
  EXPECT_EQ(waiter.answers, 0);
  database.resets.answer_oldest(Answer::ok());
  EXPECT_TRUE(waiter.served());
}

TEST_F(PoolLending, ResetPolicyDecides) {
  options.reset = ResetPolicy::kNever;
  auto& caller = borrow();
  caller.connection().make_dirty();
  caller.lease.release();
  EXPECT_EQ(database.resets.calls(), 0);
  auto& other = borrow();
  other.connection().open_transaction();
  other.lease.release();
  EXPECT_EQ(database.resets.calls(), 1);
}

TEST_F(PoolLending, ReportsTheOldestWait) {
  options.max_size = 1;
  borrow();
  ask();
  loop.advance(milliseconds(1'500));
  ask();
  EXPECT_EQ(stats().oldest_wait, milliseconds(1'500));
  EXPECT_EQ(stats().waiting, 2);
}

TEST_F(PoolLending, RemembersWhenItWasLastUsed) {
  auto& caller = borrow();
  loop.advance(seconds(7));
  caller.lease.release();
  EXPECT_EQ(pool().last_used(), loop.now());
  loop.advance(seconds(7));
  EXPECT_EQ(pool().last_used(), loop.now() - seconds(7));
}

TEST_F(PoolLending, IsFairWhenTenTimesAsManyCallersCome) {
  options.max_size = 4;
  std::vector<base::Duration> waits;
  std::deque<std::pair<Caller*, base::TimePoint>> asked;
  for (int i = 0; i < 40; ++i) asked.emplace_back(&ask(minutes(10)), loop.now());
  loop.run_posted();
  for (int served = 0; served < 400; ++served) {
    loop.advance(milliseconds(1));
    auto [caller, since] = asked.front();
    asked.pop_front();
    ASSERT_TRUE(caller->served());
    waits.push_back(caller->at - since);
    caller->lease.release();
    asked.emplace_back(&ask(minutes(10)), loop.now());
    loop.run_posted();
  }
  EXPECT_LE(*std::max_element(waits.begin(), waits.end()), milliseconds(40));
}

TEST_F(PoolLending, WhoHoldsOneAndWantsAnotherIsToldInTime) {
  options.max_size = 1;
  borrow();
  Caller& second = borrow(seconds(2));
  loop.advance(seconds(2));
  EXPECT_EQ(second.code(), ErrorCode::kAcquireTimeout);
  EXPECT_NE(second.error->message.find("1 of 1 in use"), std::string::npos);
}

TEST_F(PoolLending, WhoWaitsCostsNothingUntilHisDeadline) {
  options.max_size = 1;
  options.max_waiters = 500;
  borrow(minutes(1));
  for (int i = 0; i < 500; ++i) borrow(minutes(1));
  EXPECT_FALSE(loop.has_tasks());
  EXPECT_EQ(loop.timers().next(), loop.now() + minutes(1)) << "nobody looks in between";
}

}  // namespace
}  // namespace sluice::pool
