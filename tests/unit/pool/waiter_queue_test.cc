#include "pool/waiter_queue.h"

#include <gtest/gtest.h>

#include <chrono>
#include <set>

namespace sluice::pool {
namespace {

using base::Deadline;
using base::TimePoint;
using std::chrono::seconds;

const TimePoint kStart{std::chrono::hours(1)};

class Queue : public ::testing::Test {
 protected:
  WaiterId push(int name, seconds patience = seconds(5)) {
    return queue.push({[this, name](const Result<Lease>&) { called.push_back(name); }, kStart},
                      Deadline(kStart + patience));
  }
  void call_first() { queue.pop().acquired(Lease()); }

  base::TimerQueue timers;
  std::vector<int> called;
  std::vector<WaiterId> late;
  WaiterQueue queue{timers, [this](WaiterId id) { late.push_back(id); }};
};

TEST_F(Queue, GivesWaitersBackInTheOrderTheyCame) {
  for (int i = 0; i < 5; ++i) push(i);
  while (!queue.empty()) call_first();
  EXPECT_EQ(called, (std::vector<int>{0, 1, 2, 3, 4}));
}

TEST_F(Queue, ForgetsAWaiterFromAnyPlace) {
  const auto a = push(0);
  push(1);
  const auto c = push(2);
  push(3);
  const auto e = push(4);
  EXPECT_TRUE(queue.remove(c));
  EXPECT_TRUE(queue.remove(a));
  EXPECT_TRUE(queue.remove(e));
  EXPECT_EQ(queue.size(), 2);
  while (!queue.empty()) call_first();
  EXPECT_EQ(called, (std::vector<int>{1, 3}));
}

TEST_F(Queue, IgnoresTheIdOfAWaiterThatLeft) {
  const auto first = push(0);
  call_first();
  const auto second = push(1);
  EXPECT_NE(first, second);
  EXPECT_FALSE(queue.remove(first));
  EXPECT_FALSE(queue.contains(first));
  EXPECT_TRUE(queue.contains(second));
  EXPECT_FALSE(queue.remove(0));
  EXPECT_FALSE(queue.remove(~WaiterId{0}));
  EXPECT_EQ(queue.size(), 1);
}

TEST_F(Queue, TellsOfADeadlineAtItsMoment) {
  const auto id = push(0, seconds(2));
  push(1, seconds(3));
  timers.fire_due(kStart + seconds(2) - std::chrono::nanoseconds(1));
  EXPECT_TRUE(late.empty());
  timers.fire_due(kStart + seconds(2));
  EXPECT_EQ(late, std::vector<WaiterId>{id});
}

TEST_F(Queue, StopsTheTimerOfAWaiterThatLeaves) {
  const auto id = push(0);
  EXPECT_TRUE(queue.remove(id));
  push(1);
  call_first();
  EXPECT_FALSE(timers.next());
}

TEST_F(Queue, UsesNodesAgainWithoutUsingIdsAgain) {
  std::set<WaiterId> seen;
  for (int i = 0; i < 10'000; ++i) {
    const auto id = push(i);
    ASSERT_NE(id, 0U);
    ASSERT_TRUE(seen.insert(id).second);
    ASSERT_TRUE(queue.remove(id));
  }
}

}  // namespace
}  // namespace sluice::pool
