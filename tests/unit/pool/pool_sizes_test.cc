// Dynamic sizing, as a pool lives it; sizing_test.cc has the search itself.
#include <gtest/gtest.h>

#include "unit/pool/pool_bench.h"

namespace sluice::pool {
namespace {

class PoolSizes : public PoolBench {
 protected:
  PoolSizes() {
    options.max_size = 10;
    options.sizing = PoolSizing::kDynamic;
    options.max_waiters = 1'000;
  }
};

TEST_F(PoolSizes, StartsWithFourAndGrowsWhenNothingComesBack) {
  for (int i = 0; i < 20; ++i) borrow(minutes(10));
  EXPECT_EQ(stats().used, 4);
  EXPECT_EQ(stats().best_size, 4);
  loop.advance(seconds(10));
  EXPECT_EQ(stats().used, 10) << "callers may hold several, and long statements need them";
  EXPECT_FALSE(stats().sizing_reason.empty());
}

TEST_F(PoolSizes, NeverUsesMoreThanMaxSize) {
  options.max_overflow = 5;
  for (int i = 0; i < 40; ++i) borrow(minutes(10));
  loop.advance(minutes(2));
  EXPECT_EQ(stats().used, 10);
  EXPECT_EQ(database.most_live(), 10);
}

TEST_F(PoolSizes, UnusedConnectionsIdleOut) {
  options.idle_timeout = seconds(30);
  for (int i = 0; i < 20; ++i) borrow(minutes(10));
  loop.advance(seconds(10));
  for (int round = 0; round < 3; ++round) {
    for (Caller& caller : callers) caller.lease.release();
    loop.run_posted();
  }
  ASSERT_EQ(stats().total(), 10);
  loop.advance(seconds(31));
  EXPECT_EQ(stats().total(), 0);
}

TEST_F(PoolSizes, KeepsMinSizeAllTheSame) {
  options.min_size = 8;
  borrow();
  loop.advance(milliseconds(100));
  EXPECT_EQ(stats().total(), 8);
}

}  // namespace
}  // namespace sluice::pool
