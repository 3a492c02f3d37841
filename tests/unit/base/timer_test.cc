#include "base/timer.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <utility>
#include <vector>

namespace sluice::base {
namespace {

using std::chrono::milliseconds;

const TimePoint kStart{std::chrono::hours(1)};

TEST(Timer, FiresAtItsMomentAndNotBefore) {
  TimerQueue queue;
  int fired = 0;
  Timer timer(queue, [&] { ++fired; });
  timer.arm(kStart + milliseconds(10));
  queue.fire_due(kStart + milliseconds(9));
  EXPECT_EQ(fired, 0);
  EXPECT_TRUE(timer.armed());
  queue.fire_due(kStart + milliseconds(10));
  EXPECT_EQ(fired, 1);
  EXPECT_FALSE(timer.armed());
  queue.fire_due(kStart + milliseconds(11));
  EXPECT_EQ(fired, 1);
}

TEST(Timer, ArmingAgainReplacesTheMoment) {
  TimerQueue queue;
  int fired = 0;
  Timer timer(queue, [&] { ++fired; });
  timer.arm(kStart + milliseconds(10));
  timer.arm(kStart + milliseconds(20));
  queue.fire_due(kStart + milliseconds(19));
  EXPECT_EQ(fired, 0);
  queue.fire_due(kStart + milliseconds(20));
  EXPECT_EQ(fired, 1);
}

TEST(Timer, DestroyingItPreventsItsFunction) {
  TimerQueue queue;
  int fired = 0;
  auto timer = std::make_unique<Timer>(queue, [&] { ++fired; });
  timer->arm(kStart);
  timer.reset();
  queue.fire_due(kStart);
  EXPECT_EQ(fired, 0);
  EXPECT_EQ(queue.next(), std::nullopt);
}

TEST(Timer, MayDestroyItselfAndOthersWhileFiring) {
  TimerQueue queue;
  std::unique_ptr<Timer> first;
  std::unique_ptr<Timer> second;
  int fired = 0;
  first = std::make_unique<Timer>(queue, [&] {
    ++fired;
    second.reset();
    first.reset();
    ++fired;  // reads its captures after its own end
  });
  second = std::make_unique<Timer>(queue, [&] { fired += 100; });
  first->arm(kStart);
  second->arm(kStart);
  queue.fire_due(kStart);
  EXPECT_EQ(fired, 2);
}

TEST(Timer, ArmedForNowWhileFiringWaitsForTheNextTurn) {
  TimerQueue queue;
  int fired = 0;
  std::unique_ptr<Timer> timer;
  timer = std::make_unique<Timer>(queue, [&] {
    ++fired;
    timer->arm(kStart - milliseconds(1));
  });
  timer->arm(kStart);
  queue.fire_due(kStart);
  EXPECT_EQ(fired, 1);
  EXPECT_EQ(queue.next(), kStart - milliseconds(1));
  queue.fire_due(kStart);
  EXPECT_EQ(fired, 2);
}

TEST(Timer, HeldBackForTheNextTurnCanStillBeDisarmedAndMoved) {
  TimerQueue queue;
  std::vector<int> fired;
  Timer a(queue, [&] { fired.push_back(1); });
  Timer b(queue, [&] { fired.push_back(2); });
  Timer c(queue, [&] { fired.push_back(3); });
  Timer trigger(queue, [&] {
    a.arm(kStart);
    b.arm(kStart);
    c.arm(kStart);
    a.disarm();
    c.arm(kStart + milliseconds(1));
  });
  trigger.arm(kStart);
  queue.fire_due(kStart);
  EXPECT_TRUE(fired.empty());
  EXPECT_FALSE(a.armed());
  queue.fire_due(kStart);
  EXPECT_EQ(fired, std::vector<int>({2}));
  queue.fire_due(kStart + milliseconds(1));
  EXPECT_EQ(fired, std::vector<int>({2, 3}));
}

TEST(Timer, HeldBackOnesAreIndependentOfTheHeap) {
  TimerQueue queue;
  std::vector<int> fired;
  std::vector<std::unique_ptr<Timer>> timers;
  for (int i = 0; i < 64; ++i) {
    timers.push_back(std::make_unique<Timer>(queue, [&fired, i] { fired.push_back(i); }));
  }
  Timer trigger(queue, [&] {
    for (const auto& timer : timers) timer->arm(kStart);
    for (std::size_t i = 0; i < timers.size(); ++i) {
      if (i % 8 != 0) timers[i].reset();
    }
  });
  trigger.arm(kStart);
  queue.fire_due(kStart);
  queue.fire_due(kStart);
  EXPECT_EQ(fired, std::vector<int>({0, 8, 16, 24, 32, 40, 48, 56}));
}

TEST(Timer, ThoseDueTogetherFireInTheOrderOfArming) {
  TimerQueue queue;
  std::vector<int> fired;
  std::vector<std::unique_ptr<Timer>> timers;
  for (int i = 0; i < 50; ++i) {
    timers.push_back(std::make_unique<Timer>(queue, [&fired, i] { fired.push_back(i); }));
  }
  for (int i = 49; i >= 0; --i) timers[static_cast<std::size_t>(i)]->arm(kStart);
  queue.fire_due(kStart);
  ASSERT_EQ(fired.size(), 50U);
  for (int i = 0; i < 50; ++i) EXPECT_EQ(fired[static_cast<std::size_t>(i)], 49 - i);
}

// Random arming, disarming and firing, against a sorted set.
TEST(Timer, HeapAgreesWithASortedSet) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    std::mt19937 random(seed);
    TimerQueue queue;
    std::vector<int> fired;
    std::vector<std::unique_ptr<Timer>> timers;
    std::set<std::pair<TimePoint, int>> expected;  // moments are all different
    for (int i = 0; i < 200; ++i) {
      timers.push_back(std::make_unique<Timer>(queue, [&fired, i] { fired.push_back(i); }));
    }
    TimePoint now = kStart;
    for (int step = 0; step < 3'000; ++step) {
      const int i = static_cast<int>(random() % timers.size());
      Timer& timer = *timers[static_cast<std::size_t>(i)];
      if (timer.armed()) expected.erase({timer.at(), i});
      if (random() % 4 == 0) {
        timer.disarm();
      } else {
        timer.arm(now +
                  std::chrono::microseconds(random() % 1'000 * 1'000 + static_cast<unsigned>(i)));
        expected.insert({timer.at(), i});
      }
      std::optional<TimePoint> next;
      if (!expected.empty()) next = expected.begin()->first;
      ASSERT_EQ(queue.next(), next);
      if (random() % 10 != 0) continue;
      now += milliseconds(random() % 200);
      std::vector<int> due;
      while (!expected.empty() && expected.begin()->first <= now) {
        due.push_back(expected.begin()->second);
        expected.erase(expected.begin());
      }
      fired.clear();
      queue.fire_due(now);
      ASSERT_EQ(fired, due) << "seed " << seed << ", step " << step;
    }
  }
}

}  // namespace
}  // namespace sluice::base
