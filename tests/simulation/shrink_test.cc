#include "simulation/shrink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "simulation/scenario.h"

namespace sluice::simulation {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<int> numbers(int count) {
  std::vector<int> numbers(static_cast<std::size_t>(count));
  std::iota(numbers.begin(), numbers.end(), 0);
  return numbers;
}

bool has(const std::vector<int>& items, int item) {
  return std::find(items.begin(), items.end(), item) != items.end();
}

TEST(Shrink, LeavesWhatIsNeededTogether) {
  const auto left = shrink<int>(numbers(200), [](const std::vector<int>& items) {
    return has(items, 3) && has(items, 120) && has(items, 199);
  });
  EXPECT_THAT(left, ElementsAre(3, 120, 199));
}

TEST(Shrink, LeavesNothingWhenNothingIsNeeded) {
  EXPECT_THAT(shrink<int>(numbers(9), [](const auto&) { return true; }), IsEmpty());
}

TEST(Shrink, LeavesEverythingWhenAllIsNeeded) {
  const auto all = numbers(7);
  EXPECT_EQ(shrink<int>(all, [&](const auto& items) { return items == all; }), all);
}

TEST(Shrink, TakesFewTriesForAFewOfMany) {
  int tries = 0;
  (void)shrink<int>(numbers(1'000), [&tries](const std::vector<int>& items) {
    ++tries;
    return has(items, 500);
  });
  EXPECT_LT(tries, 40);
}

TEST(Scenario, IsTheSameForTheSameSeed) {
  EXPECT_EQ(to_string(make_scenario(7)), to_string(make_scenario(7)));
  EXPECT_NE(to_string(make_scenario(7)), to_string(make_scenario(8)));
}

}  // namespace
}  // namespace sluice::simulation
