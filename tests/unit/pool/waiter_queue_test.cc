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
  WaiterId push(int name, seconds patience = seconds(5)) { return push_for(alpha, name, patience); }
  WaiterId push_for(Client& client, int name, seconds patience = seconds(5)) {
    return queue.push({[this, name](const Result<Lease>&) { called.push_back(name); },
                       kStart + seconds(name), nullptr, &client},
                      Deadline(kStart + patience));
  }
  std::vector<int> all() {
    while (!queue.empty()) call_first();
    return called;
  }
  void call_first() { queue.pop().acquired(Lease()); }

  Client alpha;
  Client beta;
  Client gamma;
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

TEST_F(Queue, LetsClientsTakeTurns) {
  for (int i = 1; i <= 4; ++i) push_for(alpha, i);
  for (int i = 11; i <= 12; ++i) push_for(beta, i);
  push_for(gamma, 21);
  EXPECT_EQ(queue.clients(), 3);
  EXPECT_EQ(all(), (std::vector<int>{1, 11, 21, 2, 12, 3, 4}));
  EXPECT_EQ(queue.clients(), 0);
}

TEST_F(Queue, WhoComesBackHasTheLastTurn) {
  push_for(alpha, 1);
  push_for(beta, 11);
  push_for(gamma, 21);
  call_first();
  push_for(alpha, 2);
  push_for(beta, 12);
  EXPECT_EQ(all(), (std::vector<int>{1, 11, 21, 2, 12}));
}

TEST_F(Queue, AClientThatLeavesBreaksNoRing) {
  push_for(alpha, 1);
  const auto only = push_for(beta, 11);
  push_for(gamma, 21);
  push_for(alpha, 2);
  EXPECT_TRUE(queue.remove(only));
  EXPECT_EQ(all(), (std::vector<int>{1, 21, 2}));
}

TEST_F(Queue, TheTurnPassesClientsThatHaveEnough) {
  push_for(alpha, 1);
  push_for(beta, 11);
  push_for(gamma, 21);
  alpha.lent = 5;
  beta.lent = 5;
  queue.give_turn(5, false);
  call_first();
  EXPECT_EQ(called, (std::vector<int>{21}));
}

TEST_F(Queue, WhenAllHaveEnoughTheTurnStaysWhereItWas) {
  for (int i = 1; i <= 2; ++i) {
    push_for(alpha, i);
    push_for(beta, 10 + i);
  }
  alpha.lent = beta.lent = 5;
  while (!queue.empty()) {
    queue.give_turn(5, false);
    call_first();
  }
  EXPECT_EQ(called, (std::vector<int>{1, 11, 2, 12}));
}

TEST_F(Queue, KnowsHowManyComeBeforeANewCaller) {
  for (int i = 1; i <= 10; ++i) push_for(alpha, i);
  EXPECT_EQ(queue.ahead_of(alpha), 10);
  EXPECT_EQ(queue.ahead_of(beta), 1);
  push_for(beta, 11);
  EXPECT_EQ(queue.ahead_of(beta), 3) << "its own, and two of the other's turns";
  EXPECT_EQ(queue.ahead_of(alpha), 11);
  EXPECT_EQ(queue.ahead_of(gamma), 2);
}

TEST_F(Queue, MayServeTheNewestOfEachClientFirst) {
  for (int i = 1; i <= 3; ++i) push_for(alpha, i);
  for (int i = 11; i <= 12; ++i) push_for(beta, i);
  queue.newest_first(true);
  call_first();
  call_first();
  queue.newest_first(false);
  EXPECT_EQ(all(), (std::vector<int>{3, 12, 1, 11, 2}));
}

TEST_F(Queue, FindsWhoCameBeforeAMoment) {
  push_for(alpha, 3);
  push_for(beta, 1);
  push_for(beta, 2);
  const auto before = kStart + seconds(3);
  while (const auto waiter = queue.pop_from_before(before)) waiter->acquired(Lease());
  EXPECT_EQ(called, (std::vector<int>{1, 2}));
  EXPECT_EQ(queue.oldest_since(), before);
}

TEST_F(Queue, TakesTheNewestOfTheLongest) {
  for (int i = 1; i <= 3; ++i) push_for(alpha, i);
  for (int i = 11; i <= 12; ++i) push_for(beta, i);
  EXPECT_FALSE(queue.pop_of_longest(3)) << "nobody has more than that";
  queue.pop_of_longest(2)->acquired(Lease());
  EXPECT_EQ(called, (std::vector<int>{3}));
  EXPECT_FALSE(queue.pop_of_longest(2));
}

}  // namespace
}  // namespace sluice::pool
