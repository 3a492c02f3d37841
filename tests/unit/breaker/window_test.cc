#include "breaker/window.h"

#include <gtest/gtest.h>

#include <deque>
#include <random>
#include <utility>

namespace sluice::breaker {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const base::TimePoint kStart{std::chrono::hours(1)};

TEST(Window, HoldsTheRunningSecondAndThoseBeforeIt) {
  Window window;
  window.current(kStart, seconds(10)).calls = 1;
  EXPECT_EQ(window.sum(kStart, seconds(10)).calls, 1);
  EXPECT_EQ(window.sum(kStart + milliseconds(9'999), seconds(10)).calls, 1);
  EXPECT_EQ(window.sum(kStart + seconds(10), seconds(10)).calls, 0);
}

TEST(Window, AddsUpEveryCount) {
  Window window;
  for (int s = 0; s < 3; ++s) {
    Counts& counts = window.current(kStart + seconds(s), seconds(10));
    counts.calls += 4;
    counts.failures += 3;
    counts.timed += 2;
    counts.slow += 1;
  }
  const Counts sum = window.sum(kStart + seconds(2), seconds(10));
  EXPECT_EQ(sum.calls, 12);
  EXPECT_EQ(sum.failures, 9);
  EXPECT_EQ(sum.timed, 6);
  EXPECT_EQ(sum.slow, 3);
  window.clear();
  EXPECT_EQ(window.sum(kStart + seconds(2), seconds(10)).calls, 0);
}

TEST(Window, FollowsASpanThatChanges) {
  Window window;
  for (int s = 0; s < 20; ++s) ++window.current(kStart + seconds(s), seconds(20)).calls;
  const auto now = kStart + seconds(19);
  EXPECT_EQ(window.sum(now, seconds(20)).calls, 20);
  EXPECT_EQ(window.sum(now, seconds(5)).calls, 5);
  EXPECT_EQ(window.sum(now, milliseconds(1)).calls, 1);
  EXPECT_EQ(window.sum(now, milliseconds(4'500)).calls, 5) << "rounded up";
}

TEST(Window, OfAnHourIsExactToAMinute) {
  Window window;
  for (int s = 0; s < 7'200; ++s) ++window.current(kStart + seconds(s), seconds(3'600)).calls;
  EXPECT_NEAR(static_cast<double>(window.sum(kStart + seconds(7'199), seconds(3'600)).calls), 3'600,
              60);
  EXPECT_EQ(window.sum(kStart + seconds(7'199 + 3'600), seconds(3'600)).calls, 0);
}

TEST(Window, AgreesWithAListOfMoments) {
  std::mt19937 random(5);
  Window window;
  std::deque<base::TimePoint> moments;
  auto now = kStart;
  for (int i = 0; i < 5'000; ++i) {
    now += milliseconds(random() % 700);
    ++window.current(now, seconds(10)).calls;
    moments.push_back(now);
    const auto first = std::chrono::floor<seconds>(now) - seconds(9);
    while (moments.front() < first) moments.pop_front();
    ASSERT_EQ(window.sum(now, seconds(10)).calls, static_cast<std::int64_t>(moments.size()));
  }
}

}  // namespace
}  // namespace sluice::breaker
