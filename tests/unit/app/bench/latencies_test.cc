#include "app/bench/latencies.h"

#include <gtest/gtest.h>

#include <cmath>

namespace sluice::app::bench {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

double ratio(Nanoseconds a, Nanoseconds b) {
  return static_cast<double>(a.count()) / static_cast<double>(b.count());
}

TEST(Latencies, PercentilesOfAThousandTimes) {
  Latencies latencies;
  for (int i = 1; i <= 1000; ++i) latencies.add(microseconds(i));
  EXPECT_EQ(latencies.count(), 1000);
  EXPECT_NEAR(ratio(latencies.percentile(0.5), microseconds(500)), 1, 0.016);
  EXPECT_NEAR(ratio(latencies.percentile(0.99), microseconds(990)), 1, 0.016);
  EXPECT_EQ(latencies.percentile(1), microseconds(1000));
  EXPECT_EQ(latencies.min(), microseconds(1));
  EXPECT_EQ(latencies.max(), microseconds(1000));
  EXPECT_NEAR(ratio(latencies.mean(), Nanoseconds(500'500)), 1, 0.001);
}

TEST(Latencies, BucketsAreNarrowFromNanosecondsToHours) {
  for (double time = 1; time < 1e13; time *= 1.37) {
    Latencies latencies;
    const Nanoseconds value(std::llround(time));
    latencies.add(value);
    latencies.add(Nanoseconds(std::llround(time * 10)));  // so that max does not hide the bucket
    const Nanoseconds found = latencies.percentile(0.5);
    EXPECT_GE(found, value);
    EXPECT_LE(ratio(found, value), 1.016) << value.count();
  }
}

TEST(Latencies, NothingMeasuredIsZero) {
  const Latencies latencies;
  EXPECT_EQ(latencies.percentile(0.99).count(), 0);
  EXPECT_EQ(latencies.mean().count(), 0);
  EXPECT_EQ(latencies.min().count(), 0);
}

TEST(Latencies, MergeIsAsIfOneHadSeenAll) {
  Latencies one;
  Latencies two;
  Latencies all;
  for (int i = 1; i < 100; ++i) {
    (i % 2 == 0 ? one : two).add(milliseconds(i));
    all.add(milliseconds(i));
  }
  one.merge(two);
  EXPECT_EQ(one.count(), all.count());
  EXPECT_EQ(one.percentile(0.9), all.percentile(0.9));
  EXPECT_EQ(one.mean(), all.mean());
  EXPECT_EQ(one.min(), all.min());
}

TEST(Latencies, CountsWhatStayedWithinABound) {
  Latencies latencies;
  for (int i = 1; i <= 10; ++i) latencies.add(milliseconds(i));
  EXPECT_EQ(latencies.count_within(seconds(1)), 10);
  EXPECT_EQ(latencies.count_within(microseconds(4500)), 4);
  EXPECT_EQ(latencies.count_within(microseconds(1)), 0);
}

// Gil Tene's example: a hundred requests a second, each takes a millisecond; then the server stands
// still for 100 seconds. Measured naively, one request in 10,001 was slow; in truth half of the
// time, whoever came waited, 50 seconds on average.
TEST(CoordinatedOmission, AStallCountsForAllWhoWouldHaveCome) {
  Latencies latencies;
  for (int i = 0; i < 10'000; ++i) latencies.add(milliseconds(1));
  latencies.add(seconds(100));
  EXPECT_LT(latencies.percentile(0.9999), milliseconds(2));
  const Latencies corrected = latencies.corrected(milliseconds(10));
  EXPECT_NEAR(static_cast<double>(corrected.count()), 20'000, 20);
  EXPECT_NEAR(ratio(corrected.percentile(0.75), seconds(50)), 1, 0.02);
  EXPECT_NEAR(ratio(corrected.percentile(0.99), seconds(98)), 1, 0.02);
  EXPECT_EQ(corrected.max(), seconds(100));
}

TEST(CoordinatedOmission, WhatIsInTimeStaysAsItIs) {
  Latencies latencies;
  for (int i = 0; i < 100; ++i) latencies.add(milliseconds(1));
  EXPECT_EQ(latencies.corrected(milliseconds(10)).count(), 100);
  EXPECT_EQ(latencies.corrected(milliseconds(1)).count(), 100);
  EXPECT_EQ(latencies.corrected(Nanoseconds(0)).count(), 100);
}

}  // namespace
}  // namespace sluice::app::bench
