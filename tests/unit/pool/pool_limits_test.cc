// Who is refused before their time, and how many connections are lent at once.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "unit/pool/pool_bench.h"

namespace sluice::pool {
namespace {

bool says(const Caller& caller, const std::string& words) {
  return caller.error && caller.error->message.find(words) != std::string::npos;
}

/// A pool of one connection, which has served calls of 100 ms and is in use now.
class PoolProspects : public PoolBench {
 protected:
  PoolProspects() { options.max_size = 1; }
  Caller& know_and_use(base::Duration each = milliseconds(100)) {
    serve_calls(20, each);
    return borrow();
  }
};

TEST_F(PoolProspects, WhoseTurnWouldComeTooLateIsRefusedAtOnce) {
  know_and_use();
  for (int i = 0; i < 10; ++i) ask(seconds(10));
  Caller& late = ask(milliseconds(999));
  EXPECT_EQ(late.answers, 1);
  EXPECT_EQ(late.code(), ErrorCode::kQueueFull);
  EXPECT_EQ(late.error->outcome, Outcome::kNotStarted);
  EXPECT_EQ(late.error->fault, Fault::kOverload);
  EXPECT_TRUE(late.error->retryable);
  EXPECT_TRUE(late.error->retry_after);
  EXPECT_TRUE(says(late, "wait about 1000 ms")) << late.error->message;
  EXPECT_TRUE(says(late, "has 999 ms"));
  EXPECT_TRUE(says(late, "10 callers come before, each takes 100 ms"));
  EXPECT_EQ(stats().refused_late, 1);
  EXPECT_EQ(stats().service_time, milliseconds(100));
}

TEST_F(PoolProspects, WhoseTurnComesJustInTimeWaits) {
  know_and_use();
  for (int i = 0; i < 10; ++i) ask(seconds(10));
  EXPECT_EQ(ask(milliseconds(1'000)).answers, 0);
}

TEST_F(PoolProspects, WhoIsNextAlwaysWaits) {
  know_and_use(seconds(1));
  EXPECT_EQ(ask(milliseconds(1)).answers, 0) << "the connection may come back any moment";
}

TEST_F(PoolProspects, NobodyIsRefusedWithoutEvidence) {
  borrow();
  for (int i = 0; i < 60; ++i) ask(seconds(10));
  EXPECT_EQ(ask(milliseconds(1)).answers, 0);
}

TEST_F(PoolProspects, NobodyIsRefusedForWhatWasLongAgo) {
  know_and_use(seconds(2));
  loop.advance(seconds(11));
  for (int i = 0; i < 10; ++i) ask(seconds(10));
  EXPECT_EQ(ask(milliseconds(1)).answers, 0);
}

TEST_F(PoolProspects, MoreConnectionsServeSooner) {
  options.max_size = 4;
  serve_calls(20, milliseconds(100));
  for (int i = 0; i < 4; ++i) borrow();
  for (int i = 0; i < 10; ++i) ask(seconds(10));
  EXPECT_EQ(ask(milliseconds(250)).answers, 0);
  EXPECT_EQ(ask(milliseconds(249)).code(), ErrorCode::kQueueFull);
}

TEST_F(PoolProspects, ConnectionsThatCannotBeOpenedServeNobody) {
  options.max_size = 4;
  serve_calls(20, milliseconds(100));
  borrow();
  database.connects.always(Answer::fails(Error{
      .code = ErrorCode::kDatabaseUnavailable, .message = "refused", .fault = Fault::kDatabase}));
  for (int i = 0; i < 10; ++i) ask(seconds(10));
  loop.run_posted();
  EXPECT_EQ(ask(milliseconds(900)).code(), ErrorCode::kQueueFull);
}

TEST_F(PoolProspects, ATurnOfAnotherClientCountsByItsPlace) {
  know_and_use();
  for (int i = 0; i < 30; ++i) ask_as(1, seconds(10));
  EXPECT_EQ(ask_as(1, milliseconds(500)).code(), ErrorCode::kQueueFull);
  EXPECT_EQ(ask_as(2, milliseconds(500)).answers, 0) << "one comes before";
}

TEST_F(PoolProspects, PausedAnsweringIsNoReasonToRefuse) {
  know_and_use();
  pool().pause();
  for (int i = 0; i < 30; ++i) ask(seconds(10));
  EXPECT_EQ(ask(milliseconds(100)).answers, 0) << "an operator may resume it any moment";
}

// --- shedding ----------------------------------------------------------------------------------

/// One connection and calls of 10 ms each, so that the target is 10 ms and the patience 20 ms.
class PoolShedding : public PoolBench {
 protected:
  PoolShedding() {
    options.max_size = 1;
    options.shedding = Shedding::kCodel;
    options.max_waiters = 1'000;
  }
  /// Serves whoever is lent the connection, 10 ms each.
  void serve(int calls) {
    for (; calls > 0; --calls) {
      loop.advance(milliseconds(10));
      Caller* user = nullptr;
      for (Caller& caller : callers) {
        if (caller.served()) user = &caller;
      }
      if (user) give_back(*user);
    }
  }
  /// Two callers for each that is served.
  void come_twice_as_many(int times) {
    for (; times > 0; --times) {
      ask();
      ask();
      serve(1);
    }
  }
  [[nodiscard]] int refused() const {
    int count = 0;
    for (const Caller& caller : callers) count += says(caller, "pool.shedding") ? 1 : 0;
    return count;
  }
};

TEST_F(PoolShedding, ABurstThatDrainsIsServedInOrder) {
  serve_calls(20, milliseconds(10));
  for (int i = 0; i < 8; ++i) ask();
  serve(10);
  EXPECT_EQ(refused(), 0);
  for (std::size_t i = 21; i < callers.size(); ++i) EXPECT_GE(callers[i].at, callers[i - 1].at);
}

TEST_F(PoolShedding, UnderSustainedDelayTheOldestAreRefusedAndTheNewestServed) {
  serve_calls(20, milliseconds(10));
  come_twice_as_many(60);
  EXPECT_TRUE(stats().overloaded);
  EXPECT_GT(refused(), 20);
  EXPECT_EQ(stats().shed, refused());
  Caller& older = ask();
  Caller& newest = ask();
  serve(1);
  EXPECT_TRUE(newest.served());
  EXPECT_FALSE(older.served());
  for (const Caller& caller : callers) EXPECT_LE(caller.answers, 1);
}

TEST_F(PoolShedding, EndsWhenNobodyWaits) {
  serve_calls(20, milliseconds(10));
  come_twice_as_many(60);
  ASSERT_TRUE(stats().overloaded);
  serve(60);
  EXPECT_EQ(stats().waiting, 0);
  EXPECT_FALSE(stats().overloaded);
  Caller& first = ask();
  Caller& second = ask();
  Caller& third = ask();
  serve(5);
  EXPECT_LT(first.at, second.at);
  EXPECT_LT(second.at, third.at);
}

TEST_F(PoolShedding, SwitchedOffItServesInOrderAgain) {
  serve_calls(20, milliseconds(10));
  come_twice_as_many(60);
  ASSERT_TRUE(stats().overloaded);
  options.shedding = Shedding::kOff;
  pool().configure(options);
  Caller& first = ask();
  Caller& second = ask();
  serve(10);
  EXPECT_LT(first.at, second.at);
  EXPECT_FALSE(first.error);
}

TEST_F(PoolShedding, IsOffUnlessAskedFor) {
  options.shedding = Shedding::kOff;
  serve_calls(20, milliseconds(10));
  for (int i = 0; i < 60; ++i) ask();
  serve(70);
  EXPECT_EQ(refused(), 0);
  for (const Caller& caller : callers) EXPECT_FALSE(caller.error);
}

// --- the adaptive limit ------------------------------------------------------------------------

class PoolLimit : public PoolBench {
 protected:
  PoolLimit() {
    options.max_size = 10;
    options.adaptive_limit = AdaptiveLimit::kEnforce;
  }
  /// That many seconds in which everything is too much for the database.
  void overload(int seconds_of) {
    for (; seconds_of > 0; --seconds_of) {
      for (int i = 0; i < 10; ++i) pool().call_ended(ConcurrencyLimit::Call::kOverload);
      borrow().lease.release();
      loop.advance(seconds(1));
    }
  }
};

TEST_F(PoolLimit, LendsNoMoreThanTheDatabaseStands) {
  warm(10);
  overload(3);
  EXPECT_EQ(stats().adaptive_limit, 7);
  EXPECT_EQ(stats().lendable, 7);
  for (int i = 0; i < 10; ++i) ask(minutes(1));
  loop.run_posted();
  EXPECT_EQ(stats().used, 7);
  EXPECT_GT(stats().waiting, 0);
  EXPECT_GT(stats().idle + stats().cleaning, 0);
  EXPECT_EQ(listener.count(PoolEvent::kLimited), 3);
}

TEST_F(PoolLimit, OpensNoMoreEither) {
  warm(1);
  overload(20);
  EXPECT_EQ(stats().adaptive_limit, 2);
  for (int i = 0; i < 10; ++i) borrow();
  loop.advance(milliseconds(100));
  EXPECT_EQ(stats().used, 2);
}

TEST_F(PoolLimit, ServesWhoWaitsWhenItRises) {
  warm(1);
  overload(20);
  for (int i = 0; i < 5; ++i) borrow(minutes(1));
  ASSERT_EQ(stats().used, 2);
  pool().call_ended(ConcurrencyLimit::Call::kWell);
  loop.advance(seconds(1));
  EXPECT_EQ(stats().used, 3);
}

TEST_F(PoolLimit, InTheShadowOnlyReports) {
  options.adaptive_limit = AdaptiveLimit::kShadow;
  warm(10);
  overload(20);
  for (int i = 0; i < 10; ++i) borrow();
  EXPECT_EQ(stats().adaptive_limit, 2);
  EXPECT_EQ(stats().limit_cuts, 8);
  EXPECT_FALSE(stats().limit_reason.empty());
  EXPECT_EQ(stats().lendable, 10);
  EXPECT_EQ(stats().used, 10);
  EXPECT_EQ(listener.count(PoolEvent::kLimited), 0);
}

TEST_F(PoolLimit, SwitchedOffItLetsGo) {
  warm(1);
  overload(20);
  for (int i = 0; i < 10; ++i) borrow();
  options.adaptive_limit = AdaptiveLimit::kOff;
  pool().configure(options);
  loop.advance(milliseconds(10));
  EXPECT_EQ(stats().used, 10);
  EXPECT_EQ(stats().adaptive_limit, 0);
}

TEST_F(PoolLimit, PingsAnIdleConnectionOnceASecondWhileThereAreCalls) {
  warm(2);
  for (int i = 0; i < 10; ++i) {
    borrow().lease.release();
    loop.advance(seconds(1));
  }
  EXPECT_GE(listener.pings.size(), 8U);
  EXPECT_LE(listener.pings.size(), 10U);
  const auto pings = listener.pings.size();
  loop.advance(minutes(5));
  EXPECT_LE(listener.pings.size(), pings + 2) << "nobody uses it";
}

TEST_F(PoolLimit, PingsTheNextFreeConnectionWhenAllAreBusy) {
  options.max_size = 2;
  Caller& one = borrow(minutes(1));
  borrow(minutes(1));
  Caller& next = ask(minutes(1));
  loop.advance(milliseconds(1'500));
  ASSERT_EQ(listener.pings.size(), 0U);
  give_back(one);
  EXPECT_EQ(listener.pings.size(), 1U);
  EXPECT_TRUE(next.served()) << "right after it";
}

TEST_F(PoolLimit, InTheShadowNobodyWaitsForAPing) {
  options.adaptive_limit = AdaptiveLimit::kShadow;
  options.max_size = 2;
  Caller& one = borrow(minutes(1));
  borrow(minutes(1));
  ask(minutes(1));
  loop.advance(milliseconds(1'500));
  give_back(one);
  EXPECT_EQ(listener.pings.size(), 0U);
}

TEST_F(PoolLimit, ASlowPingIsEvidenceAndNoFailure) {
  warm(10);
  for (int i = 0; i < 30; ++i) {
    pool().call_ended(ConcurrencyLimit::Call::kWell);
    borrow().lease.release();
    loop.advance(seconds(1));
  }
  ASSERT_EQ(stats().adaptive_limit, 10);
  database.pings.always(Answer::ok(seconds(4)));
  for (int i = 0; i < 12; ++i) {
    pool().call_ended(ConcurrencyLimit::Call::kWell);
    borrow().lease.release();
    loop.advance(seconds(1));
  }
  EXPECT_LT(stats().adaptive_limit, 8);
  EXPECT_EQ(listener.ping_errors.size(), 0U);
  EXPECT_EQ(closed("ping_failed"), 0);
}

TEST_F(PoolLimit, NobodyCountsOnASlowPing) {
  warm(1);
  database.pings.always(Answer::never());
  borrow().lease.release();
  advance_to_unanswered_ping();
  Caller& caller = borrow();
  loop.advance(seconds(1) - milliseconds(1));
  EXPECT_FALSE(caller.served());
  loop.advance(milliseconds(1));
  EXPECT_TRUE(caller.served()) << "a new one was opened";
  EXPECT_EQ(closed("ping_failed"), 0);
  loop.advance(seconds(4));
  EXPECT_EQ(closed("ping_failed"), 1);
}

TEST_F(PoolLimit, ARefusedConnectForTooManyConnectionsCounts) {
  warm(1);
  for (int i = 0; i < 12; ++i) pool().call_ended(ConcurrencyLimit::Call::kWell);
  Error full{
      .code = ErrorCode::kDatabaseUnavailable, .message = "53300", .fault = Fault::kOverload};
  database.connects.always(Answer::fails(full));
  borrow();
  borrow();
  loop.advance(seconds(1));
  EXPECT_EQ(stats().adaptive_limit, 9);
}

}  // namespace
}  // namespace sluice::pool
