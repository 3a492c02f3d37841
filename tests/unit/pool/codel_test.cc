#include "pool/codel.h"

#include <gtest/gtest.h>

namespace sluice::pool {
namespace {

using base::Duration;
using base::TimePoint;
using std::chrono::milliseconds;
using std::chrono::seconds;

const TimePoint kStart{std::chrono::hours(1)};

TEST(CodelTarget, IsFiveMillisecondsAtLeast) {
  Codel codel;
  EXPECT_EQ(codel.target(), milliseconds(5));
  for (int i = 0; i < 100; ++i) codel.served(milliseconds(1));
  EXPECT_EQ(codel.target(), milliseconds(5));
}

TEST(CodelTarget, FollowsTheMedianAndNotTheMean) {
  Codel codel;
  for (int i = 0; i < 1'000; ++i) {
    codel.served(i % 10 == 0 ? Duration(seconds(10)) : Duration(milliseconds(40)));
  }
  EXPECT_GE(codel.target(), milliseconds(36));
  EXPECT_LE(codel.target(), milliseconds(44));
}

TEST(CodelTarget, FindsAnotherMedian) {
  Codel codel;
  codel.served(milliseconds(1));
  for (int i = 0; i < 200; ++i) codel.served(seconds(1));
  EXPECT_EQ(codel.target(), seconds(1));
  EXPECT_EQ(codel.patience(), seconds(2));
}

class CodelInterval : public ::testing::Test {
 protected:
  void wait(milliseconds at, Duration waited) { codel.waited(waited, kStart + at); }
  Codel codel;
};

TEST_F(CodelInterval, ManyLongWaitsAreOverloadOnlyAfterAWholeInterval) {
  wait(milliseconds(0), milliseconds(50));
  wait(milliseconds(99), milliseconds(50));
  EXPECT_FALSE(codel.overloaded());
  wait(milliseconds(100), milliseconds(50));
  EXPECT_TRUE(codel.overloaded());
}

TEST_F(CodelInterval, OneShortWaitIsEnoughToBeWell) {
  wait(milliseconds(0), milliseconds(50));
  wait(milliseconds(50), milliseconds(5));
  wait(milliseconds(100), milliseconds(50));
  EXPECT_FALSE(codel.overloaded());
}

TEST_F(CodelInterval, JustAboveTheTargetIsLong) {
  wait(milliseconds(0), milliseconds(5) + Duration(1));
  wait(milliseconds(100), milliseconds(5) + Duration(1));
  EXPECT_TRUE(codel.overloaded());
}

TEST_F(CodelInterval, IsOverAfterAnIntervalWithAShortWait) {
  wait(milliseconds(0), milliseconds(50));
  wait(milliseconds(100), milliseconds(1));
  ASSERT_TRUE(codel.overloaded());
  wait(milliseconds(199), milliseconds(50));
  EXPECT_TRUE(codel.overloaded());
  wait(milliseconds(200), milliseconds(50));
  EXPECT_FALSE(codel.overloaded());
}

TEST_F(CodelInterval, IsOverWhenNobodyWaits) {
  wait(milliseconds(0), milliseconds(50));
  wait(milliseconds(100), milliseconds(50));
  codel.rest();
  EXPECT_FALSE(codel.overloaded());
  wait(milliseconds(300), milliseconds(50));
  EXPECT_FALSE(codel.overloaded()) << "a new interval";
}

}  // namespace
}  // namespace sluice::pool
