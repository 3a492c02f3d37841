#include "gateway/history.h"

#include <gtest/gtest.h>

namespace sluice::gateway {
namespace {

Point serving(float ok) {
  Point point;
  point.ok = ok;
  point.condition = Condition::kClosed;
  return point;
}

TEST(History, APointIsAsSmallAsTheDocumentationSays) {
  EXPECT_EQ(sizeof(Point), 44U);
  EXPECT_EQ(sizeof(Point) * (History::kSeconds + History::kMinutes), 102'960U);
}

TEST(Ring, KeepsTheNewestAndForgetsTheOldest) {
  Ring ring(3);
  EXPECT_EQ(ring.span(), std::make_pair(std::int64_t{0}, std::int64_t{0}));
  for (int i = 7; i < 11; ++i) ring.put(i, serving(static_cast<float>(i)));
  EXPECT_EQ(ring.span(), std::make_pair(std::int64_t{8}, std::int64_t{11}));
  EXPECT_FALSE(ring.at(7).known());
  EXPECT_FLOAT_EQ(ring.at(8).ok, 8);
  EXPECT_FLOAT_EQ(ring.at(10).ok, 10);
  EXPECT_FALSE(ring.at(11).known());
}

TEST(Ring, WhatWasSkippedIsUnknown) {
  Ring ring(4);
  ring.put(1, serving(1));
  ring.put(2, serving(2));
  ring.put(5, serving(5));
  EXPECT_EQ(ring.span(), std::make_pair(std::int64_t{2}, std::int64_t{6}));
  EXPECT_TRUE(ring.at(2).known());
  EXPECT_FALSE(ring.at(3).known());
  EXPECT_FALSE(ring.at(4).known());
  ring.put(500, serving(1));
  EXPECT_FALSE(ring.at(499).known());
  EXPECT_TRUE(ring.at(500).known());
}

TEST(History, AMinuteIsTheMeanOfItsRatesAndTheWorstOfTheRest) {
  History history;
  for (int second = 60; second < 120; ++second) {
    Point point = serving(second < 90 ? 10 : 20);
    point.waiting = second == 75 ? 9 : 0;
    point.p99_us = static_cast<std::uint32_t>(second);
    if (second == 80) point.condition = Condition::kOpen;
    history.record(second, point);
  }
  const Point& minute = history.minutes().at(1);
  EXPECT_FLOAT_EQ(minute.ok, 15);
  EXPECT_EQ(minute.waiting, 9);
  EXPECT_EQ(minute.p99_us, 119U);  // over the minute before, which is this one
  EXPECT_EQ(minute.condition, Condition::kOpen);
  history.record(120, serving(1));
  EXPECT_FLOAT_EQ(history.minutes().at(1).ok, 15);
  EXPECT_FLOAT_EQ(history.minutes().at(2).ok, 1);
}

TEST(History, KeepsFifteenMinutesAndADay) {
  History history;
  for (int second = 0; second < 2 * 86'400; second += 10) history.record(second, serving(1));
  const auto [first_second, end_second] = history.seconds().span();
  EXPECT_EQ(end_second - first_second, 900);
  const auto [first_minute, end_minute] = history.minutes().span();
  EXPECT_EQ(end_minute - first_minute, 1'440);
}

TEST(History, RecentIsTheMeanOverSecondsThatAreKnown) {
  History history;
  history.record(1, serving(10));
  history.record(5, serving(20));
  EXPECT_FLOAT_EQ(history.recent(5, 10).ok, 15);
  EXPECT_FLOAT_EQ(history.recent(5, 2).ok, 20);
}

TEST(History, StretchesBeginWhereTheConditionChanges) {
  Ring ring(10);
  ring.put(3, serving(1));
  ring.put(4, serving(9));
  Point open;
  open.condition = Condition::kOpen;
  ring.put(5, open);
  ring.put(8, serving(1));
  const auto found = stretches(ring);
  ASSERT_EQ(found.size(), 4U);
  EXPECT_EQ(found[0].from, 3);
  EXPECT_EQ(found[1].from, 5);
  EXPECT_EQ(found[1].condition, Condition::kOpen);
  EXPECT_EQ(found[2].from, 6);
  EXPECT_EQ(found[2].condition, Condition::kUnknown);
  EXPECT_EQ(found[3].from, 8);
}

TEST(Conditions, AMinuteWithoutCallsIsIdle) {
  const auto now = std::chrono::system_clock::now();
  DatabaseStats stats;
  EXPECT_EQ(condition_of(stats, now), Condition::kIdle);  // never called
  stats.last_used = now - std::chrono::seconds(60);
  EXPECT_EQ(condition_of(stats, now), Condition::kClosed);
  EXPECT_EQ(condition_of(stats, now + std::chrono::seconds(1)), Condition::kIdle);
  stats.breaker.state = BreakerState::kOpen;
  EXPECT_EQ(condition_of(stats, now + std::chrono::seconds(1)), Condition::kOpen);
  stats.state = DatabaseState::kPaused;
  EXPECT_EQ(condition_of(stats, now), Condition::kPaused);
}

TEST(Conditions, HaveTheWordsOfTheDocumentation) {
  EXPECT_EQ(to_string(Condition::kUnknown), "unknown");
  EXPECT_EQ(to_string(Condition::kHalfOpen), "half_open");
  EXPECT_EQ(to_string(Condition::kOpen), "open");
}

}  // namespace
}  // namespace sluice::gateway
