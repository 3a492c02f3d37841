#include "json/writer.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace sluice::json {
namespace {

std::string written(double value) {
  Writer writer;
  return writer.element(value).take();
}

TEST(Writer, WritesNumbersPlainlyToThreeDigits) {
  EXPECT_EQ(written(0), "0");
  EXPECT_EQ(written(-0.0), "0");
  EXPECT_EQ(written(-0.0001), "0");
  EXPECT_EQ(written(0.61), "0.61");
  EXPECT_EQ(written(-1.23456), "-1.235");
  EXPECT_EQ(written(1'000'000), "1000000");
  EXPECT_EQ(written(33'554'432), "33554432");
  EXPECT_EQ(written(9'007'199'254'740'992), "9007199254740992");
  EXPECT_EQ(written(1'234'567'890.125), "1234567890.125");
}

TEST(Writer, WritesHugeNumbersWithAnExponentAndNoNumbersAsNull) {
  EXPECT_EQ(written(1e300), "1e+300");
  EXPECT_EQ(written(-1e18), "-1e+18");
  EXPECT_EQ(written(std::numeric_limits<double>::infinity()), "null");
  EXPECT_EQ(written(std::numeric_limits<double>::quiet_NaN()), "null");
}

}  // namespace
}  // namespace sluice::json
