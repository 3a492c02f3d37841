#include <gtest/gtest.h>

#include "unit/pool/pool_bench.h"

namespace sluice::pool {
namespace {

/// A pool of one connection, open and ready to be shared by three.
class PoolPipelining : public PoolBench {
 protected:
  PoolPipelining() {
    options.max_size = 1;
    options.pipeline_depth = 3;
  }

  /// Asks for a connection that may be shared.
  Caller& join() {
    Caller& caller = ask(seconds(5), &errand);
    loop.run_posted();
    return caller;
  }

  Caller& first() {
    Caller& caller = join();
    if (caller.served()) caller.connection().make_joinable();
    return caller;
  }

  Query query;
  Errand errand{query, {}};
};

TEST_F(PoolPipelining, LetsCallersShareAConnectionUpToTheDepth) {
  Caller& one = first();
  EXPECT_FALSE(one.lease.shared());
  Caller& two = join();
  Caller& three = join();
  Caller& four = join();
  ASSERT_TRUE(two.served());
  ASSERT_TRUE(three.served());
  EXPECT_FALSE(four.served());
  EXPECT_EQ(&one.lease.connection(), &three.lease.connection());
  EXPECT_TRUE(one.lease.shared());
  EXPECT_EQ(pool().stats().used, 1);
  EXPECT_EQ(pool().stats().waiting, 1);

  two.lease.release();
  loop.run_posted();
  EXPECT_TRUE(four.served());
  EXPECT_EQ(four.answers, 1);
}

TEST_F(PoolPipelining, DoesNotShareByDefault) {
  options.pipeline_depth = PoolOptions().pipeline_depth;
  first();
  EXPECT_FALSE(join().served());
}

TEST_F(PoolPipelining, SharesOnlyWhatTheConnectionLetsJoin) {
  ASSERT_TRUE(join().served());  // not joinable
  EXPECT_FALSE(join().served());
}

TEST_F(PoolPipelining, KeepsTheConnectionUntilTheLastOneIsBack) {
  Caller& one = first();
  Caller& two = join();
  one.lease.release();
  EXPECT_FALSE(two.lease.shared());
  EXPECT_EQ(pool().stats().used, 1);
  EXPECT_EQ(pool().stats().idle, 0);
  two.lease.release();
  EXPECT_EQ(pool().stats().used, 0);
  EXPECT_EQ(pool().stats().idle, 1);
  EXPECT_EQ(pool().stats().acquired, 2);
  EXPECT_EQ(pool().stats().released, 2);
}

TEST_F(PoolPipelining, NobodyOvertakesOneWhoWaitsForAConnectionOfItsOwn) {
  Caller& one = first();
  Caller& exclusive = ask();
  Caller& late = join();
  loop.run_posted();
  EXPECT_FALSE(exclusive.served());
  EXPECT_FALSE(late.served());
  one.lease.release();
  loop.run_posted();
  EXPECT_TRUE(exclusive.served());
  EXPECT_TRUE(late.served()) << "the exclusive user's connection says who may join";
}

TEST_F(PoolPipelining, PrefersAnIdleConnectionAndThenTheOneWithTheFewestUsers) {
  options.max_size = 2;
  Caller& one = first();
  Caller& two = first();  // a connection is opened, as this one may not join yet
  loop.run_posted();
  ASSERT_TRUE(two.served() || (loop.run_posted(), two.served()));
  two.connection().make_joinable();
  Caller& three = join();
  Caller& four = join();
  ASSERT_TRUE(three.served());
  ASSERT_TRUE(four.served());
  EXPECT_NE(&three.lease.connection(), &four.lease.connection());
  EXPECT_TRUE(one.lease.shared());
  EXPECT_TRUE(two.lease.shared());
}

TEST_F(PoolPipelining, NobodyJoinsAConnectionThatIsToGo) {
  Caller& one = first();
  pool().renew();
  Caller& two = join();
  EXPECT_FALSE(two.served());
  one.lease.release();
  for (int turn = 0; turn < 3; ++turn) loop.run_posted();
  EXPECT_TRUE(two.served());
}

TEST_F(PoolPipelining, CleansOnceWhenTheLastOneIsBack) {
  Caller& one = first();
  Caller& two = join();
  one.connection().make_dirty();
  one.lease.release();
  EXPECT_EQ(database.resets.calls(), 0);
  two.lease.release();
  EXPECT_EQ(database.resets.calls(), 1);
}

}  // namespace
}  // namespace sluice::pool
