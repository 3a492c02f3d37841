#include "app/terminal/figures.h"

#include <gtest/gtest.h>

namespace sluice::app::terminal {
namespace {

using Seconds = std::chrono::duration<double>;

TEST(Duration, HasTwoFiguresOrTwoUnits) {
  EXPECT_EQ(duration(Seconds(0)), "0ms");
  EXPECT_EQ(duration(Seconds(0.0000085)), "8.5us");
  EXPECT_EQ(duration(Seconds(0.00085)), "850us");
  EXPECT_EQ(duration(Seconds(0.0032)), "3.2ms");
  EXPECT_EQ(duration(Seconds(0.0009996)), "1ms");
  EXPECT_EQ(duration(Seconds(0.230)), "230ms");
  EXPECT_EQ(duration(Seconds(6.14)), "6.1s");
  EXPECT_EQ(duration(Seconds(59.7)), "1m");
  EXPECT_EQ(duration(Seconds(130)), "2m10s");
  EXPECT_EQ(duration(Seconds(3720)), "1h2m");
  EXPECT_EQ(duration(Seconds(3 * 86400 + 4 * 3600)), "3d4h");
}

TEST(Count, HasAtMostThreeFigures) {
  EXPECT_EQ(count(0), "0");
  EXPECT_EQ(count(212), "212");
  EXPECT_EQ(count(0.34), "0.3");
  EXPECT_EQ(count(14.6), "15");
  EXPECT_EQ(count(999.7), "1k");
  EXPECT_EQ(count(1234), "1.2k");
  EXPECT_EQ(count(34e6), "34M");
}

TEST(ReadDuration, TakesUnitsAndSums) {
  EXPECT_EQ(read_duration("250ms")->count(), 250);
  EXPECT_EQ(read_duration("1.5s")->count(), 1500);
  EXPECT_EQ(read_duration("1m30s")->count(), 90'000);
  EXPECT_EQ(read_duration("2h")->count(), 7'200'000);
  EXPECT_EQ(read_duration("3d")->count(), 259'200'000);
}

TEST(ReadDuration, RefusesTheRestWithAdvice) {
  for (const char* text :
       {"", "10", "s", "-1s", "10x", "1s 2s", "nans", "infs", "1e300d", "10sx"}) {
    const auto read = read_duration(text);
    ASSERT_FALSE(read) << text;
    EXPECT_NE(read.error().message.find("write 250ms, 10s"), std::string::npos) << text;
  }
}

}  // namespace
}  // namespace sluice::app::terminal
