// Connections above max_size: opened only for those who wait, and closed when idle for a second.
#include <gtest/gtest.h>

#include <vector>

#include "unit/pool/pool_bench.h"

namespace sluice::pool {
namespace {

class PoolOverflow : public PoolBench {
 protected:
  PoolOverflow() {
    options.max_size = 2;
    options.max_overflow = 3;
  }
  std::vector<Caller*> borrow_all() {
    std::vector<Caller*> borrowed;
    for (int i = 0; i < 5; ++i) borrowed.push_back(&borrow(minutes(10)));
    return borrowed;
  }
};

TEST_F(PoolOverflow, RampsUpLikeTheOthers) {
  database.connects.always(Answer::ok(milliseconds(10)));
  for (int i = 0; i < 9; ++i) ask();
  loop.run_posted();
  std::vector<int> under_way;
  for (int i = 0; i < 3; ++i) {
    under_way.push_back(database.connecting());
    loop.advance(milliseconds(10));
  }
  EXPECT_EQ(under_way, (std::vector<int>{1, 2, 2})) << "1, 2, and what is left of 4";
  EXPECT_EQ(stats().used, 5);
  EXPECT_EQ(database.most_live(), 5);
}

TEST_F(PoolOverflow, TheLongestIdleGoesFirstAndMaxSizeStays) {
  const auto borrowed = borrow_all();
  for (Caller* caller : borrowed) {
    give_back(*caller);
    loop.advance(milliseconds(100));
  }
  std::vector<int> live;
  for (int i = 0; i < 4; ++i) {
    loop.advance(milliseconds(500 - (i > 0 ? 400 : 0)));
    live.push_back(stats().idle);
  }
  EXPECT_EQ(live, (std::vector<int>{4, 3, 2, 2}));
  EXPECT_EQ(closed("surplus"), 3);
  EXPECT_EQ(borrow().connection().number(), 5) << "the one that was used last";
}

TEST_F(PoolOverflow, WhatIsUsedAgainWithinASecondStays) {
  const auto borrowed = borrow_all();
  for (Caller* caller : borrowed) give_back(*caller);
  for (int i = 0; i < 10; ++i) {
    loop.advance(milliseconds(900));
    std::vector<Caller*> again = borrow_all();
    for (Caller* caller : again) give_back(*caller);
  }
  EXPECT_EQ(database.opened(), 5);
  loop.advance(seconds(1));
  EXPECT_EQ(stats().total(), 2);
}

TEST_F(PoolOverflow, ALongLeaseIsNoOverflowWhenTheOthersAreGone) {
  const auto borrowed = borrow_all();
  for (std::size_t i = 1; i < 5; ++i) give_back(*borrowed[i]);
  loop.advance(seconds(1));
  EXPECT_EQ(stats().total(), 2) << "the lent one and one that is idle";
  give_back(*borrowed[0]);
  loop.advance(minutes(10));
  EXPECT_EQ(stats().idle, 2);
}

TEST_F(PoolOverflow, OneThatIsBeingClosedCountsToo) {
  const auto borrowed = borrow_all();
  database.closes.always(Answer::never());
  for (Caller* caller : borrowed) give_back(*caller);
  loop.advance(seconds(1));
  ASSERT_EQ(stats().cleaning, 3);
  for (int i = 0; i < 5; ++i) borrow();
  EXPECT_EQ(stats().used, 2) << "the server may still count five";
  loop.advance(seconds(2));
  EXPECT_EQ(stats().used, 5);
  EXPECT_EQ(database.most_live(), 5);
}

TEST_F(PoolOverflow, IsNotForTheMinimumNorForProbes) {
  options.min_size = 2;
  borrow();
  borrow();
  loop.advance(seconds(1));
  EXPECT_EQ(stats().total(), 2);
  std::optional<Status> probed;
  pool().probe([&](const Status& status) { probed = status; });
  ASSERT_TRUE(probed);
  EXPECT_FALSE(*probed) << "both are in use, and a probe is not worth an extra one";
}

TEST_F(PoolOverflow, TakenAwayItGoesAsItComesBack) {
  const auto borrowed = borrow_all();
  options.max_overflow = 0;
  pool().configure(options);
  give_back(*borrowed[0]);
  give_back(*borrowed[1]);
  EXPECT_EQ(stats().total(), 3);
  for (std::size_t i = 2; i < 5; ++i) give_back(*borrowed[i]);
  EXPECT_EQ(stats().total(), 2);
}

}  // namespace
}  // namespace sluice::pool
