// Batches: several callers are lent one connection, for statements that are sent together.
#include <gtest/gtest.h>

#include <string>

#include "unit/pool/pool_bench.h"

namespace sluice::pool {
namespace {

/// A pool of one connection, which somebody uses; up to three who wait share it next.
class PoolPipelining : public PoolBench {
 protected:
  PoolPipelining() {
    options.max_size = 1;
    options.pipeline_depth = 3;
    database.shares = [](const Query& query) { return query.sql != "long"; };
    short_read.sql = "short";
    long_read.sql = "long";
  }

  /// The others get what `user` had.
  void pass_on(Caller& user) {
    user.lease.release();
    loop.run_posted();
  }
  /// Whoever is lent a connection runs the statement at once, as a batch is only open then.
  Caller& run(const Query& query) {
    Caller& caller = callers.emplace_back();
    const auto got = [this, &caller, &query](Result<Lease> lease) {
      ++caller.answers;
      if (!lease) return;
      caller.lease = std::move(*lease);
      ExecuteOptions how;
      how.first_of_batch = caller.lease.first_of_batch();
      caller.connection().execute(query, how, sink, [](const Result<Completion>&) {});
    };
    caller.id = pool().acquire(base::Deadline::after(loop.now(), seconds(5)), got,
                               &query == &short_read ? &errand : &long_errand);
    return caller;
  }

  struct NoSink : RowSink {
    void on_columns(const std::vector<Column>&) override {}
    RowVerdict on_row(std::span<const Cell>) override { return RowVerdict::kContinue; }
  } sink;
  Query short_read;
  Query long_read;
  Errand errand{short_read, {}};
  Errand long_errand{long_read, {}};
};

TEST_F(PoolPipelining, LendsAConnectionToAsManyWhoWaitAsTheDepthAllows) {
  Caller& user = borrow();
  Caller& one = run(short_read);
  Caller& two = run(short_read);
  Caller& three = run(short_read);
  Caller& four = run(short_read);
  EXPECT_EQ(one.answers, 0);
  pass_on(user);
  ASSERT_TRUE(one.served() && two.served() && three.served());
  EXPECT_FALSE(four.served());
  EXPECT_TRUE(one.lease.first_of_batch());
  EXPECT_FALSE(two.lease.first_of_batch());
  EXPECT_TRUE(one.lease.shared());
  EXPECT_EQ(&one.lease.connection(), &three.lease.connection());
  EXPECT_EQ(pool().stats().used, 1);
  EXPECT_EQ(pool().stats().waiting, 1);

  one.lease.release();
  two.lease.release();
  EXPECT_FALSE(four.served()) << "nobody joins what was sent already";
  pass_on(three);
  EXPECT_TRUE(four.served());
  EXPECT_FALSE(four.lease.shared());
  EXPECT_EQ(four.answers, 1);
}

TEST_F(PoolPipelining, WithADepthOfOneEverybodyHasAConnectionToHimself) {
  options.pipeline_depth = 1;
  Caller& user = borrow();
  Caller& one = run(short_read);
  Caller& two = run(short_read);
  pass_on(user);
  ASSERT_TRUE(one.served());
  EXPECT_FALSE(one.lease.first_of_batch());
  EXPECT_FALSE(two.served());
}

TEST_F(PoolPipelining, AnIdleConnectionIsNobodysToShare) {
  Caller& only = run(short_read);
  loop.run_posted();
  ASSERT_TRUE(only.served());
  EXPECT_FALSE(only.lease.first_of_batch());
  EXPECT_FALSE(only.lease.shared());
}

TEST_F(PoolPipelining, OnlyThoseShareWhomTheConnectionLetsJoin) {
  Caller& user = borrow();
  Caller& one = run(short_read);
  Caller& other = run(long_read);
  Caller& two = run(short_read);
  pass_on(user);
  ASSERT_TRUE(one.served());
  EXPECT_FALSE(other.served());
  EXPECT_FALSE(two.served()) << "nobody overtakes one who waits for a connection of his own";
  pass_on(one);
  ASSERT_TRUE(other.served());
  EXPECT_FALSE(two.served());
}

TEST_F(PoolPipelining, WhoSaysNothingOfHisStatementIsAlone) {
  Caller& user = borrow();
  Caller& lessee = ask();
  Caller& one = run(short_read);
  pass_on(user);
  ASSERT_TRUE(lessee.served());
  EXPECT_FALSE(lessee.lease.first_of_batch());
  EXPECT_FALSE(one.served());
}

TEST_F(PoolPipelining, ThoseWhoWaitAreSpreadOverTheConnections) {
  options.max_size = 2;
  Caller& user = borrow();
  Caller& other = borrow();
  ASSERT_TRUE(user.served() && other.served());
  Caller& one = run(short_read);
  Caller& two = run(short_read);
  Caller& three = run(short_read);
  pass_on(user);
  EXPECT_TRUE(one.served() && two.served());
  EXPECT_FALSE(three.served()) << "the other connection may serve it sooner";
}

TEST_F(PoolPipelining, KeepsTheConnectionUntilTheLastOneIsBack) {
  Caller& user = borrow();
  Caller& one = run(short_read);
  Caller& two = run(short_read);
  pass_on(user);
  one.lease.release();
  EXPECT_TRUE(two.lease.shared());
  EXPECT_EQ(pool().stats().used, 1);
  EXPECT_EQ(pool().stats().idle, 0);
  two.lease.release();
  EXPECT_EQ(pool().stats().used, 0);
  EXPECT_EQ(pool().stats().idle, 1);
  EXPECT_EQ(pool().stats().acquired, 3);
  EXPECT_EQ(pool().stats().released, 3);
}

TEST_F(PoolPipelining, TheLastOneToGiveUpKnowsIt) {
  Caller& user = borrow();
  Caller& one = run(short_read);
  Caller& two = run(short_read);
  Caller& three = run(short_read);
  pass_on(user);
  EXPECT_FALSE(one.lease.forsake());
  EXPECT_FALSE(one.lease.forsake()) << "twice is once";
  EXPECT_FALSE(two.lease.forsake());
  two.lease.release();
  EXPECT_TRUE(three.lease.forsake());
  one.lease.release();
  EXPECT_TRUE(three.lease.forsake());
}

TEST_F(PoolPipelining, WhoHasItToHimselfGivesUpForAll) {
  Caller& user = borrow();
  EXPECT_TRUE(user.lease.forsake());
}

TEST_F(PoolPipelining, AConnectionThatIsGivenBackWhileItIsLentServesTheNext) {
  Caller& user = borrow();
  int given_back = 0;
  const auto refuse = [&](Result<Lease>) { ++given_back; };
  for (int i = 0; i < 5; ++i) {
    pool().acquire(base::Deadline::after(loop.now(), seconds(5)), refuse, &errand);
  }
  pass_on(user);
  EXPECT_EQ(given_back, 5);
  EXPECT_EQ(pool().stats().idle, 1);
}

TEST_F(PoolPipelining, CleansOnceWhenTheLastOneIsBack) {
  Caller& user = borrow();
  Caller& one = run(short_read);
  Caller& two = run(short_read);
  pass_on(user);
  one.connection().make_dirty();
  one.lease.release();
  EXPECT_EQ(database.resets.calls(), 0);
  two.lease.release();
  EXPECT_EQ(database.resets.calls(), 1);
}

/// A pool of five open connections; two of them run a short read each.
class PoolSharing : public PoolPipelining {
 protected:
  PoolSharing() { options.max_size = 5; }

  void use_two() {
    warm(5);
    one = &run(short_read);
    two = &run(short_read);
    ASSERT_TRUE(one->served() && two->served());
  }
  /// Its statement ends, and it gives the connection back.
  void end(Caller& caller) {
    loop.run_posted();
    pass_on(caller);
  }

  Caller* one = nullptr;
  Caller* two = nullptr;
};

TEST_F(PoolSharing, AShortReadRatherWaitsForOneOfTwoThatAreSoonBack) {
  use_two();
  Caller& three = run(short_read);
  loop.run_posted();
  EXPECT_FALSE(three.served());
  EXPECT_EQ(stats().idle, 3) << "they are not pinged either";
  end(*one);
  EXPECT_TRUE(three.served());
}

TEST_F(PoolSharing, WhatIsNotShortNeverWaitsForThem) {
  use_two();
  EXPECT_TRUE(run(long_read).served());
  EXPECT_TRUE(ask().served());
}

TEST_F(PoolSharing, NobodyWaitsForWhatIsNotShort) {
  warm(5);
  ASSERT_TRUE(run(long_read).served() && ask().served());
  EXPECT_TRUE(run(short_read).served());
}

TEST_F(PoolSharing, TheLongerTheyTakeTheMoreConnectionsAreUsed) {
  database.short_reads_take = std::chrono::microseconds(201);
  use_two();
  EXPECT_TRUE(run(short_read).served());
  EXPECT_FALSE(run(short_read).served());
  database.short_reads_take = std::chrono::microseconds(400);
  loop.run_posted();
  EXPECT_FALSE(run(short_read).served()) << "nobody overtakes";
}

TEST_F(PoolSharing, WithTheTimeOfTwoTurnsTwoAreEnough) {
  database.short_reads_take = std::chrono::microseconds(200);
  use_two();
  EXPECT_FALSE(run(short_read).served());
}

TEST_F(PoolSharing, WhenMoreWaitThanFitIntoTwoBatchesAThirdIsUsed) {
  use_two();
  for (int i = 0; i < 8; ++i) run(short_read);
  EXPECT_EQ(stats().used, 2);
  run(short_read);
  EXPECT_EQ(stats().used, 3);
  EXPECT_EQ(stats().waiting, 6) << "a whole batch has gone";
}

TEST_F(PoolSharing, WhatIsNotBackAfterFiveMillisecondsIsNotWaitedFor) {
  use_two();
  Caller& three = run(short_read);
  loop.advance(milliseconds(5) - std::chrono::microseconds(1));
  EXPECT_FALSE(three.served());
  loop.advance(std::chrono::microseconds(1));
  ASSERT_TRUE(three.served());
  Caller& four = run(short_read);
  EXPECT_TRUE(four.served()) << "nor by anybody who comes later";

  end(*one);
  end(*two);
  EXPECT_FALSE(run(short_read).served()) << "those who came since do count";
}

TEST_F(PoolSharing, NoMoreConnectionsAreOpenedForThem) {
  warm(2);
  one = &run(short_read);
  two = &run(short_read);
  run(short_read);
  EXPECT_EQ(database.connecting(), 0);
  run(long_read);
  EXPECT_EQ(database.connecting(), 0) << "it comes second, and the first will not be long";
  end(*one);
  EXPECT_EQ(database.opened(), 3) << "now it is first";
}

TEST_F(PoolSharing, WithADepthOfOneIdleConnectionsAreUsed) {
  options.pipeline_depth = 1;
  use_two();
  EXPECT_TRUE(run(short_read).served());
}

}  // namespace
}  // namespace sluice::pool
