#include "pool/refill.h"

#include <gtest/gtest.h>

namespace sluice::pool {
namespace {

using base::TimePoint;
using std::chrono::milliseconds;
using std::chrono::seconds;

const TimePoint kStart{std::chrono::hours(1)};

TEST(Refill, WantsOneConnectionPerWaiterAndTheMissingMinimum) {
  EXPECT_EQ(Refill::wanted({.waiters = 2, .max_size = 10}), 2);
  EXPECT_EQ(Refill::wanted({.waiters = 2, .live = 1, .min_size = 4, .max_size = 10}), 5);
  EXPECT_EQ(Refill::wanted({.live = 4, .min_size = 4, .max_size = 10}), 0);
}

TEST(Refill, NeverWantsMoreThanThereIsRoomFor) {
  EXPECT_EQ(Refill::wanted({.waiters = 9, .live = 8, .max_size = 10}), 2);
  EXPECT_EQ(Refill::wanted({.waiters = 9, .live = 8, .closing = 1, .max_size = 10}), 1);
  EXPECT_EQ(Refill::wanted({.waiters = 9, .live = 12, .max_size = 10}), 0);
}

TEST(Refill, UsesOverflowOnlyForWaiters) {
  EXPECT_EQ(Refill::wanted({.waiters = 5, .live = 10, .max_size = 10, .max_overflow = 3}), 3);
  EXPECT_EQ(Refill::wanted({.live = 2, .min_size = 2, .max_size = 2, .max_overflow = 3}), 0);
  EXPECT_EQ(
      Refill::wanted({.live = 1, .closing = 1, .min_size = 2, .max_size = 2, .max_overflow = 3}),
      0);
}

TEST(Refill, StartsOneTwoFourWhileConnectsSucceed) {
  base::Random random(1);
  Refill refill(random);
  const RefillNeed need{.waiters = 100, .max_size = 100};
  EXPECT_EQ(refill.to_start(need), 1);
  refill.succeeded();
  EXPECT_EQ(refill.to_start(need), 2);
  refill.succeeded();
  EXPECT_EQ(refill.to_start(need), 4);
  auto under_way = need;
  under_way.connecting = 3;
  EXPECT_EQ(refill.to_start(under_way), 1);
}

TEST(Refill, NarrowsToOneAfterAFailure) {
  base::Random random(1);
  Refill refill(random);
  refill.succeeded();
  refill.succeeded();
  refill.failed(kStart, kStart);
  EXPECT_EQ(refill.to_start({.waiters = 100, .max_size = 100}), 1);
}

TEST(Refill, RampNeverOverflows) {
  base::Random random(1);
  Refill refill(random);
  for (int i = 0; i < 100; ++i) refill.succeeded();
  EXPECT_EQ(refill.ramp(), Refill::kWidestRamp);
}

TEST(Refill, BackOffDoublesToTenSecondsWithFullJitter) {
  base::Random random(7);
  const milliseconds limits[] = {milliseconds(100),  milliseconds(200),  milliseconds(400),
                                 milliseconds(800),  milliseconds(1600), milliseconds(3200),
                                 milliseconds(6400), seconds(10),        seconds(10)};
  base::Duration longest[std::size(limits)] = {};
  base::Duration shortest[std::size(limits)];
  std::fill(std::begin(shortest), std::end(shortest), base::Duration::max());
  for (int round = 0; round < 500; ++round) {
    Refill refill(random);
    TimePoint now = kStart;
    for (std::size_t i = 0; i < std::size(limits); ++i) {
      now += std::chrono::minutes(1);
      refill.failed(now, now);
      const auto pause = refill.retry_at() - now;
      EXPECT_LE(pause, limits[i]);
      longest[i] = std::max(longest[i], pause);
      shortest[i] = std::min(shortest[i], pause);
    }
  }
  for (std::size_t i = 0; i < std::size(limits); ++i) {
    EXPECT_GT(longest[i], limits[i] * 9 / 10) << i;
    EXPECT_LT(shortest[i], limits[i] / 10) << i;
  }
}

TEST(Refill, AlwaysPausesAfterAFailure) {
  base::Random random(3);
  for (int i = 0; i < 10'000; ++i) {
    Refill refill(random);
    refill.failed(kStart, kStart);
    ASSERT_TRUE(refill.backing_off(kStart));
    ASSERT_FALSE(refill.backing_off(refill.retry_at()));
  }
}

TEST(Refill, CountsConnectsThatFailTogetherAsOneFailure) {
  base::Random random(3);
  Refill refill(random);
  refill.failed(kStart, kStart + seconds(5));
  const auto retry = refill.retry_at();
  refill.failed(kStart, kStart + seconds(5));
  EXPECT_EQ(refill.retry_at(), retry);
  const auto later = kStart + seconds(10);
  refill.failed(later, later);
  EXPECT_LE(refill.retry_at(), later + milliseconds(200));
}

TEST(Refill, ASuccessEndsTheBackOff) {
  base::Random random(3);
  Refill refill(random);
  for (int i = 0; i < 5; ++i) refill.failed(kStart + seconds(i), kStart + seconds(i));
  refill.succeeded();
  EXPECT_FALSE(refill.backing_off(kStart + seconds(4)));
  refill.failed(kStart + seconds(9), kStart + seconds(9));
  EXPECT_LE(refill.retry_at(), kStart + seconds(9) + milliseconds(100));
}

}  // namespace
}  // namespace sluice::pool
