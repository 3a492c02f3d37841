#include "base/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace sluice::base {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

const TimePoint kStart{std::chrono::hours(1)};  // the beginning of a 10-s slice

TEST(LatencyRecorder, IsAllZeroWithoutValues) {
  const LatencyRecorder recorder;
  EXPECT_EQ(recorder.recent(kStart).p99, microseconds(0));
  EXPECT_EQ(recorder.count_within(seconds(60), kStart), 0);
  const Histogram total = recorder.total();
  EXPECT_EQ(total.count, 0);
  ASSERT_EQ(total.buckets.size(), 15U);
  EXPECT_EQ(total.buckets.front().upper, microseconds(500));
  EXPECT_EQ(total.buckets.back().upper, seconds(30));
}

TEST(LatencyRecorder, CountsAValueOnABoundWithThatBound) {
  LatencyRecorder recorder;
  recorder.record(microseconds(500) - nanoseconds(1), kStart);
  recorder.record(microseconds(500), kStart);
  recorder.record(microseconds(500) + nanoseconds(1), kStart);
  recorder.record(seconds(30), kStart);
  recorder.record(seconds(30) + nanoseconds(1), kStart);
  recorder.record(-seconds(1), kStart);  // a clock that went back is no reason for nonsense
  const Histogram total = recorder.total();
  EXPECT_EQ(total.buckets[0].cumulative, 3);
  EXPECT_EQ(total.buckets[1].cumulative, 4);
  EXPECT_EQ(total.buckets[13].cumulative, 4);
  EXPECT_EQ(total.buckets[14].cumulative, 5);
  EXPECT_EQ(total.count, 6);
  EXPECT_EQ(total.sum, seconds(60) + microseconds(1500));
}

TEST(LatencyRecorder, PercentilesAreWithinSixPercent) {
  std::mt19937 random(7);
  std::lognormal_distribution<double> pick(8.0, 2.0);
  LatencyRecorder recorder;
  std::vector<std::int64_t> values;
  for (int i = 0; i < 20'000; ++i) {
    values.push_back(
        std::clamp<std::int64_t>(static_cast<std::int64_t>(pick(random)), 1, 500'000'000));
    recorder.record(microseconds(values.back()), kStart);
  }
  std::sort(values.begin(), values.end());
  const Percentiles recent = recorder.recent(kStart);
  const auto expect_near = [&](microseconds got, std::size_t percent) {
    const auto exact = static_cast<double>(values[values.size() * percent / 100 - 1]);
    EXPECT_NEAR(static_cast<double>(got.count()), exact, exact * 0.0625 + 1) << percent;
  };
  expect_near(recent.p50, 50);
  expect_near(recent.p95, 95);
  expect_near(recent.p99, 99);
}

TEST(LatencyRecorder, PercentilesOfFewValuesAreThoseValues) {
  LatencyRecorder recorder;
  recorder.record(microseconds(3), kStart);
  EXPECT_EQ(recorder.recent(kStart).p50, microseconds(3));
  EXPECT_EQ(recorder.recent(kStart).p99, microseconds(3));
  recorder.record(microseconds(7), kStart);
  EXPECT_EQ(recorder.recent(kStart).p50, microseconds(3));
  EXPECT_EQ(recorder.recent(kStart).p95, microseconds(7));
  recorder.record(std::chrono::hours(5), kStart);  // beyond the last bucket
  EXPECT_GT(recorder.recent(kStart).p99, std::chrono::minutes(8));
}

TEST(LatencyRecorder, PercentilesForgetAfterAMinute) {
  LatencyRecorder recorder;
  recorder.record(milliseconds(1), kStart);
  EXPECT_GT(recorder.recent(kStart + seconds(60) - nanoseconds(1)).p50, microseconds(0));
  EXPECT_EQ(recorder.recent(kStart + seconds(60)).p50, microseconds(0));
  recorder.record(milliseconds(100), kStart + seconds(60));  // the same place in the ring
  EXPECT_GT(recorder.recent(kStart + seconds(60)).p50, milliseconds(90));
  EXPECT_EQ(recorder.total().count, 2);
}

TEST(LatencyRecorder, CountsTheLastSeconds) {
  LatencyRecorder recorder;
  for (int s = 0; s < 100; ++s) {
    for (int i = 0; i <= s; ++i) recorder.record(milliseconds(1), kStart + seconds(s));
  }
  const TimePoint now = kStart + seconds(99);
  EXPECT_EQ(recorder.count_within(seconds(1), now), 100);
  EXPECT_EQ(recorder.count_within(seconds(2), now), 199);
  EXPECT_EQ(recorder.count_within(seconds(10), now), 955);
  EXPECT_EQ(recorder.count_within(seconds(60), now), 60 * 41 + 59 * 30);
  EXPECT_EQ(recorder.count_within(seconds(600), now), recorder.count_within(seconds(60), now));
  EXPECT_EQ(recorder.count_within(seconds(0), now), 0);
  EXPECT_EQ(recorder.count_within(seconds(10), now + seconds(9)), 100);
  EXPECT_EQ(recorder.count_within(seconds(10), now + seconds(10)), 0);
  recorder.record(milliseconds(1), now + seconds(200));  // everything in between was empty
  EXPECT_EQ(recorder.count_within(seconds(60), now + seconds(200)), 1);
}

TEST(LatencyRecorder, WorksInTheFirstMinuteOfTheClock) {
  LatencyRecorder recorder;
  const TimePoint now{seconds(3)};
  recorder.record(milliseconds(1), now);
  EXPECT_EQ(recorder.count_within(seconds(60), now), 1);
  EXPECT_GT(recorder.recent(now).p50, microseconds(0));
}

TEST(LatencyRecorder, MergeEqualsRecordingInOne) {
  std::mt19937 random(3);
  for (int round = 0; round < 20; ++round) {
    LatencyRecorder a;
    LatencyRecorder b;
    LatencyRecorder both;
    TimePoint now = kStart;
    for (int i = 0; i < 500; ++i) {
      now += milliseconds(random() % 400);
      const microseconds value(random() % 1'000'000);
      (random() % 2 ? a : b).record(value, now);
      both.record(value, now);
    }
    const LatencyRecorder empty;
    a.merge(b);
    a.merge(empty);
    LatencyRecorder from_nothing;
    from_nothing.merge(a);
    for (const LatencyRecorder* merged : {&a, &from_nothing}) {
      for (const int s : {1, 10, 59, 60}) {
        EXPECT_EQ(merged->count_within(seconds(s), now), both.count_within(seconds(s), now));
      }
      EXPECT_EQ(merged->recent(now).p50, both.recent(now).p50);
      EXPECT_EQ(merged->recent(now).p99, both.recent(now).p99);
      EXPECT_EQ(merged->total().count, both.total().count);
      EXPECT_EQ(merged->total().sum, both.total().sum);
      EXPECT_EQ(merged->total().buckets[5].cumulative, both.total().buckets[5].cumulative);
    }
  }
}

}  // namespace
}  // namespace sluice::base
