#include "pool/concurrency_limit.h"

#include <gtest/gtest.h>

#include <chrono>

namespace sluice::pool {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Call = ConcurrencyLimit::Call;

class Limit : public ::testing::Test {
 protected:
  /// One second with these calls.
  void second(int well, int overload = 0) {
    for (int i = 0; i < well; ++i) limit.ended(Call::kWell);
    for (int i = 0; i < overload; ++i) limit.ended(Call::kOverload);
    limit.judge();
  }
  /// Some seconds with one ping each, and calls that went well.
  void ping(int times, base::Duration took) {
    for (; times > 0; --times) {
      limit.answered_ping(took);
      second(100);
    }
  }
  ConcurrencyLimit limit{100};
};

TEST_F(Limit, IsNotInTheWayAtFirst) { EXPECT_EQ(limit.limit(), 100); }

TEST_F(Limit, FallsByATenthWhenMoreThanOneInTwentyIsOverload) {
  second(95, 5);
  EXPECT_EQ(limit.limit(), 100) << "just five percent";
  second(94, 6);
  EXPECT_EQ(limit.limit(), 90);
  second(94, 6);
  EXPECT_EQ(limit.limit(), 81);
  EXPECT_EQ(limit.cuts(), 2);
  EXPECT_NE(limit.reason().find("6 of 100 calls"), std::string::npos) << limit.reason();
}

TEST_F(Limit, RisesByOneASecond) {
  second(0, 10);
  ASSERT_EQ(limit.limit(), 90);
  second(10);
  EXPECT_EQ(limit.limit(), 91);
  for (int i = 0; i < 20; ++i) second(10);
  EXPECT_EQ(limit.limit(), 100) << "never above";
}

TEST_F(Limit, IsNeverBelowTwo) {
  for (int i = 0; i < 100; ++i) second(0, 100);
  EXPECT_EQ(limit.limit(), 2);
}

TEST_F(Limit, OfOneConnectionIsOne) {
  ConcurrencyLimit one{1};
  for (int i = 0; i < 10; ++i) one.ended(Call::kOverload);
  one.judge();
  EXPECT_EQ(one.limit(), 1);
  EXPECT_EQ(one.cuts(), 0);
}

TEST_F(Limit, AFewCallsAreNoEvidence) {
  second(0, 9);
  EXPECT_EQ(limit.limit(), 100);
  second(0, 1);
  EXPECT_EQ(limit.limit(), 90) << "ten by now";
}

TEST_F(Limit, AFewCallsLongAgoAreForgotten) {
  second(0, 9);
  for (int i = 0; i < 9; ++i) second(0);
  second(0, 1);
  EXPECT_EQ(limit.limit(), 100);
}

TEST_F(Limit, AFewThatAllGoWellRaiseIt) {
  second(0, 10);
  second(1);
  EXPECT_EQ(limit.limit(), 91);
}

TEST_F(Limit, SilenceNeverRaisesIt) {
  second(0, 10);
  for (int i = 0; i < 100; ++i) second(0);
  EXPECT_EQ(limit.limit(), 90) << "calls that only hang, or were dropped, prove nothing";
}

// concurrency-limits #137: timeouts that take equally long look like a stable database.
TEST_F(Limit, EqualTimeoutsNeverRaiseIt) {
  int before = limit.limit();
  for (int i = 0; i < 200; ++i) {
    second(1, 20);
    ASSERT_LE(limit.limit(), before);
    before = limit.limit();
  }
  EXPECT_EQ(before, 2);
}

TEST_F(Limit, FallsWhenPingsTakeFiveTimesAsLongForThreeSeconds) {
  ping(30, milliseconds(10));
  ping(2, milliseconds(51));
  EXPECT_EQ(limit.limit(), 100) << "a good one is among the last three seconds'";
  ping(1, milliseconds(51));
  EXPECT_EQ(limit.limit(), 90);
  EXPECT_EQ(limit.reason(), "pings take 51 ms, usually 10 ms");
}

TEST_F(Limit, FiveTimesAsLongIsJustNotSlow) {
  ping(30, milliseconds(10));
  ping(10, milliseconds(50));
  EXPECT_EQ(limit.limit(), 100);
}

TEST_F(Limit, TwentyMillisecondsAreNeverSlow) {
  ping(30, milliseconds(1));
  ping(10, milliseconds(20));
  EXPECT_EQ(limit.limit(), 100);
  ping(3, milliseconds(21));
  EXPECT_LT(limit.limit(), 100);
}

TEST_F(Limit, WithoutAUsualPingNoneIsSlow) {
  ping(3, seconds(1));
  EXPECT_EQ(limit.limit(), 100);
}

// concurrency-limits #165: what is slow must not become what is usual, and so end the cuts.
TEST_F(Limit, WhatIsSlowDoesNotBecomeUsualBeforeEverythingWasTried) {
  ping(30, milliseconds(1));
  ping(40, milliseconds(100));
  EXPECT_EQ(limit.limit(), 2);
}

TEST_F(Limit, PingsThatStaySlowAtTheLowestLimitAreTheUsualOnes) {
  ping(30, milliseconds(1));
  ping(40, milliseconds(100));
  ASSERT_EQ(limit.limit(), 2);
  ping(60, milliseconds(100));
  EXPECT_GT(limit.limit(), 10) << "the way to the database has become longer";
}

TEST_F(Limit, ANewMaximumHoldsAtOnce) {
  limit.configure(50);
  EXPECT_EQ(limit.limit(), 50);
  limit.configure(80);
  EXPECT_EQ(limit.limit(), 80) << "it was not in the way";
  second(0, 10);
  limit.configure(200);
  EXPECT_EQ(limit.limit(), 72) << "it was";
}

}  // namespace
}  // namespace sluice::pool
