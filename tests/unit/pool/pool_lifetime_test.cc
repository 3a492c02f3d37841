// max_lifetime and max_queries.
#include <set>

#include "unit/pool/pool_bench.h"

namespace sluice::pool {
namespace {

class PoolLifetime : public PoolBench {
 protected:
  PoolLifetime() {
    options.max_lifetime = minutes(10);
    options.pre_ping = PrePing::kNever;
  }
};

TEST_F(PoolLifetime, EndsTenPercentEarlyAtMostAndNeverLate) {
  options.max_size = 40;
  warm(40);
  const auto opened = loop.now();
  loop.advance(minutes(9) - milliseconds(1));
  EXPECT_EQ(stats().idle, 40);
  loop.advance_to(opened + minutes(10));
  EXPECT_LT(stats().idle, 10);
  loop.advance(seconds(40));
  EXPECT_EQ(stats().idle, 0);
  EXPECT_EQ(closed("lifetime"), 40);
}

TEST_F(PoolLifetime, RetiresAtMostOneASecond) {
  options.keepalive = seconds(5);  // the reaper is not alone in waking the pool up
  options.max_size = 40;
  warm(40);
  loop.advance(minutes(9));
  int before = stats().idle;
  while (before > 0) {
    loop.advance(seconds(1));
    const int now = stats().idle;
    ASSERT_LE(before - now, 1);
    before = now;
    ASSERT_LT(loop.now() - base::TimePoint{}, std::chrono::hours(1'001));
  }
}

TEST_F(PoolLifetime, DrawsTheJitterOncePerConnection) {
  // If it were drawn at every look, a connection looked at often would always end at 90 %.
  options.max_size = 1;
  std::set<std::int64_t> ages;
  for (int i = 0; i < 20; ++i) {
    borrow().lease.release();
    const auto opened = loop.now();
    while (closed("lifetime") == i) {
      loop.advance(seconds(1));
      borrow().lease.release();
    }
    ages.insert((loop.now() - opened) / seconds(1));
    loop.run_posted();
  }
  EXPECT_GT(ages.size(), 8U);
  EXPECT_GT(*ages.rbegin(), 570);
}

TEST_F(PoolLifetime, IsCheckedWhenAConnectionComesBack) {
  auto& caller = borrow();
  loop.advance(minutes(11));
  EXPECT_EQ(stats().used, 1);
  caller.lease.release();
  EXPECT_EQ(closed("lifetime"), 1);
}

TEST_F(PoolLifetime, IsCheckedWhenAConnectionIsBorrowed) {
  warm(3);
  loop.advance(minutes(9) - seconds(1));
  options.max_lifetime = minutes(1);  // now all are far too old, the reaper has not come yet
  pool().configure(options);
  auto& caller = ask();
  EXPECT_EQ(closed("lifetime"), 3);
  loop.run_posted();
  ASSERT_TRUE(caller.served());
  EXPECT_EQ(caller.connection().number(), 4);
}

TEST_F(PoolLifetime, ZeroMeansForEver) {
  options.max_lifetime = milliseconds(0);
  warm(1);
  loop.advance(std::chrono::hours(1'000));
  EXPECT_EQ(stats().idle, 1);
}

TEST_F(PoolLifetime, TheReplacementComesFirstWhenThePoolIsAtItsMinimum) {
  options.min_size = options.max_size = 2;
  options.max_size = 3;
  borrow().lease.release();
  loop.run_posted();
  database.connects.always(Answer::ok(milliseconds(300)));
  const auto until = loop.now() + minutes(12);
  while (loop.now() < until) {
    loop.advance(milliseconds(50));
    ASSERT_GE(stats().idle, 2);
  }
  EXPECT_EQ(stats().idle, 2);
  EXPECT_GE(closed("lifetime"), 2);
}

TEST_F(PoolLifetime, AReplacementThatIsNotNeededAnyMoreIsNotKeptUp) {
  options.min_size = 1;
  options.idle_timeout = seconds(30);
  auto& caller = borrow();
  database.connects.always(Answer::ok(milliseconds(300)));
  caller.lease.release();
  while (database.connecting() == 0) loop.advance(milliseconds(100));
  // Now it is old, and its replacement is on its way; but a caller takes and loses it.
  database.connections()[0]->lose();
  loop.advance(seconds(90));
  EXPECT_EQ(stats().idle, 1);
  EXPECT_LE(database.opened(), 3);
}

TEST_F(PoolLifetime, AtTheMaximumTheOldOneGoesFirst) {
  options.min_size = options.max_size = 2;
  borrow().lease.release();
  loop.run_posted();
  loop.advance(minutes(12));
  EXPECT_GE(closed("lifetime"), 2);
  EXPECT_EQ(stats().idle, 2);
  EXPECT_LE(database.most_live(), 2);
}

TEST_F(PoolLifetime, AnOldConnectionStaysWhileNoReplacementCanBeOpened) {
  options.min_size = 1;
  borrow().lease.release();
  loop.run_posted();
  database.connects.always(Answer::fails(testing::refused_connection()));
  const int before = stats().idle;
  loop.advance(minutes(20));
  EXPECT_GE(stats().idle, 1) << "of " << before;
  database.connects.always(Answer::ok());
  loop.advance(seconds(20));
  EXPECT_GE(stats().idle, 1);
  EXPECT_GE(closed("lifetime"), 1);
}

TEST_F(PoolLifetime, EndsAfterMaxQueries) {
  options.max_lifetime = milliseconds(0);
  options.max_queries = 3;
  for (int i = 0; i < 2; ++i) borrow().lease.release();
  EXPECT_EQ(stats().idle, 1);
  borrow().lease.release();
  EXPECT_EQ(stats().idle, 0);
  EXPECT_EQ(closed("max_queries"), 1);
}

TEST_F(PoolLifetime, MaxQueriesZeroMeansUnlimited) {
  options.max_lifetime = milliseconds(0);
  options.max_queries = 0;
  for (int i = 0; i < 1'000; ++i) borrow().lease.release();
  EXPECT_EQ(database.opened(), 1);
}

}  // namespace
}  // namespace sluice::pool
