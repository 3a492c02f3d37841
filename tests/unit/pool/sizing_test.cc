#include "pool/sizing.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <random>
#include <vector>

namespace sluice::pool {
namespace {

/// A database that serves so many calls a second with that many connections, and always has more
/// callers than it can serve.
class SizingModel : public ::testing::Test {
 protected:
  void run(int seconds) {
    for (; seconds > 0; --seconds) {
      sizing.observe(pressed(rate(sizing.size())));
      sizes.push_back(sizing.size());
      ASSERT_GE(sizing.size(), 2);
      ASSERT_LE(sizing.size(), 10);
    }
  }
  static Sizing::Second pressed(double served) {
    const auto calls = static_cast<std::int64_t>(served);
    return {.served = calls, .waited = calls, .waiting = 5};
  }
  /// In how many of the last seconds another size was used.
  [[nodiscard]] int astray(int size, int of_last) const {
    return static_cast<int>(std::count_if(sizes.end() - of_last, sizes.end(),
                                          [size](int used) { return used != size; }));
  }

  std::function<double(int)> rate;
  std::vector<int> sizes;
  Sizing sizing{10};
};

double peak_at_three(int size) {
  const std::vector<double> rates{0,     5'000, 9'000, 11'000, 10'500, 9'800,
                                  9'000, 8'300, 7'700, 7'200,  6'800};
  return rates.at(static_cast<std::size_t>(size));
}

TEST_F(SizingModel, StartsSmall) {
  EXPECT_EQ(sizing.size(), 4);
  EXPECT_EQ(Sizing(3).size(), 3);
  EXPECT_EQ(Sizing(1).size(), 1);
}

TEST_F(SizingModel, FindsAPeakAtThree) {
  rate = peak_at_three;
  run(60);
  EXPECT_EQ(sizing.best(), 3);
  EXPECT_NE(sizing.reason().find("calls/s"), std::string::npos) << sizing.reason();
}

TEST_F(SizingModel, DoesNotSwingAroundThePeak) {
  rate = peak_at_three;
  run(200);
  sizes.clear();
  run(600);
  EXPECT_LE(astray(3, 600), 100) << "trials above and below, about once a minute";
}

TEST_F(SizingModel, UsesAllWhereMoreIsBetter) {
  rate = [](int size) { return 100.0 * size; };
  run(60);
  EXPECT_EQ(sizing.best(), 10);
  run(200);
  sizes.clear();
  run(600);
  EXPECT_LE(astray(10, 600), 60);
}

TEST_F(SizingModel, UsesFewWhereMoreBringsNothing) {
  rate = [](int) { return 1'000.0; };
  run(60);
  EXPECT_EQ(sizing.best(), 2);
}

TEST_F(SizingModel, IsNotFooledByNoise) {
  std::mt19937 random{1};
  std::uniform_real_distribution<double> noise(0.97, 1.03);
  rate = [&](int size) { return peak_at_three(size) * noise(random); };
  run(200);
  sizes.clear();
  run(1'000);
  const auto close =
      std::count_if(sizes.begin(), sizes.end(), [](int s) { return s >= 3 && s <= 4; });
  EXPECT_GE(close, 850) << "3 and 4 are 5 % apart";
}

TEST_F(SizingModel, ManySmallLossesDoNotAddUp) {
  rate = [](int size) { return 1'000.0 * (1 - 0.015 * (10 - size)); };  // 1.5 % per connection
  sizing.configure(9);
  sizing.configure(10);
  run(300);
  EXPECT_GE(rate(sizing.best()), 0.93 * rate(5));
}

TEST_F(SizingModel, OtherWorkIsNoticedWhileItRests) {
  rate = peak_at_three;
  run(300);
  ASSERT_EQ(sizing.best(), 3);
  rate = [](int size) { return 100.0 * size; };
  run(60);
  EXPECT_EQ(sizing.best(), 10);
}

TEST_F(SizingModel, GrowsWhileTooLittleEndsToMeasureAnything) {
  rate = [](int) { return 1.0; };
  run(10);
  EXPECT_EQ(sizing.size(), 10) << "long statements, and people who wait";
}

TEST_F(SizingModel, GrowsWhenNothingEndsAtAll) {
  rate = [](int) { return 0.0; };
  run(10);
  EXPECT_EQ(sizing.size(), 10) << "callers may hold connections and want another";
}

TEST_F(SizingModel, LearnsNothingWhileNobodyWaits) {
  for (int i = 0; i < 100; ++i) {
    sizing.observe({.served = 1'000 + 100 * i, .waited = 0, .waiting = 0});
    EXPECT_EQ(sizing.size(), 4);
  }
}

TEST_F(SizingModel, ATrialEndsWhenNobodyWaitsAnyMore) {
  rate = peak_at_three;
  while (sizing.size() == 4) run(1);
  sizing.observe({.served = 100, .waited = 1, .waiting = 0});
  EXPECT_EQ(sizing.size(), sizing.best());
  EXPECT_EQ(sizing.best(), 4);
}

TEST_F(SizingModel, StaysWithinANewMaximum) {
  rate = [](int size) { return 100.0 * size; };
  run(60);
  sizing.configure(6);
  EXPECT_EQ(sizing.size(), 6);
  sizing.configure(1);
  EXPECT_EQ(sizing.size(), 1);
  for (int i = 0; i < 50; ++i) {
    sizing.observe(pressed(100));
    EXPECT_EQ(sizing.size(), 1);
  }
}

}  // namespace
}  // namespace sluice::pool
