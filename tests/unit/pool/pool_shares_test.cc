// A client that asks for little beside one that asks for all there is.
#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "unit/pool/pool_bench.h"

namespace sluice::pool {
namespace {

constexpr ClientId kGreedy = 1;
constexpr ClientId kModest = 2;

class PoolShares : public PoolBench {
 protected:
  PoolShares() {
    options.max_size = 10;
    options.max_waiters = 1'000;
  }

  /// Users who each work for a while, pause, and come again.
  struct Habit {
    int users = 1;
    milliseconds work{5};
    milliseconds pause{5};  ///< on average
  };
  void come(ClientId client, const Habit& habit) {
    for (int i = 0; i < habit.users; ++i) users.push_back({client, habit, nullptr, loop.now()});
  }
  void leave(ClientId client) {
    for (User& user : users) {
      if (user.client == client) user.habit.pause = std::chrono::hours(1);
    }
  }
  void pass(base::Duration span) {
    for (const auto until = loop.now() + span; loop.now() < until; loop.advance(milliseconds(1))) {
      for (User& user : users) act(user);
      most_idle = std::max(most_idle, stats().idle);
    }
  }
  /// From now on.
  void look() {
    waits.clear();
    most_idle = 0;
  }
  base::Duration longest_wait(ClientId client) {
    const auto& all = waits[client];
    return all.empty() ? base::Duration::max() : *std::ranges::max_element(all);
  }

  std::map<ClientId, std::vector<base::Duration>> waits;
  int most_idle = 0;

 private:
  struct User {
    ClientId client;
    Habit habit;
    Caller* caller;
    base::TimePoint next;  ///< when it comes again; when it came, if it is there
  };
  void act(User& user) {
    const auto now = loop.now();
    if (!user.caller) {
      if (now < user.next) return;
      user.next = now;
      user.caller = &ask_as(user.client, minutes(10));
    }
    if (!user.caller->served() || now < user.caller->at + user.habit.work) return;
    waits[user.client].push_back(user.caller->at - user.next);
    give_back(*user.caller);
    user.caller = nullptr;
    user.next = now + base::jittered(user.habit.pause, 0.5, random);
  }

  std::vector<User> users;
};

TEST_F(PoolShares, AModestClientNeverWaitsForAGreedyOne) {
  come(kGreedy, {.users = 40});
  come(kModest, {.users = 4});
  pass(seconds(3));
  look();
  pass(seconds(3));
  EXPECT_EQ(longest_wait(kModest), milliseconds(0));
  EXPECT_GT(waits[kModest].size(), 1'000U);
  EXPECT_GT(waits[kGreedy].size(), 3'000U) << "six connections, 5 to 6 ms each";
}

TEST_F(PoolShares, NorForOneWithLongStatements) {
  come(kGreedy, {.users = 40, .work = seconds(2)});
  pass(seconds(10));
  come(kModest, {.users = 1, .pause = milliseconds(300)});
  pass(seconds(10));
  look();
  pass(seconds(20));
  EXPECT_EQ(longest_wait(kModest), milliseconds(0));
  EXPECT_GT(waits[kGreedy].size(), 80U) << "nine connections";
}

TEST_F(PoolShares, WhereAllAskForMuchNothingIsIdle) {
  come(kGreedy, {.users = 40});
  come(kModest, {.users = 40});
  pass(seconds(3));
  look();
  pass(seconds(3));
  EXPECT_EQ(most_idle, 0);
}

TEST_F(PoolShares, WhenTheModestOneHasGoneTheOtherHasAllAgain) {
  come(kGreedy, {.users = 40});
  come(kModest, {.users = 4});
  pass(seconds(3));
  leave(kModest);
  pass(seconds(2));
  look();
  pass(seconds(1));
  EXPECT_EQ(most_idle, 0);
}

TEST_F(PoolShares, SwitchedOffNothingIsKept) {
  come(kGreedy, {.users = 40});
  come(kModest, {.users = 4});
  pass(seconds(3));
  options.fair_shares = false;
  pool().configure(options);
  pass(seconds(1));
  look();
  pass(seconds(3));
  EXPECT_EQ(most_idle, 0);
}

TEST_F(PoolShares, ConnectionsThatAreKeptAreNotOpenedAndPingedForTheGreedy) {
  options.pre_ping = PrePing::kAlways;
  options.max_overflow = 1;
  come(kGreedy, {.users = 40});
  come(kModest, {.users = 1, .pause = milliseconds(300)});
  pass(seconds(3));
  const int opened = database.opened();
  pass(seconds(5));
  EXPECT_LE(database.opened(), opened + 5);
}

TEST_F(PoolShares, AModestClientPushesNobodyOutOfAFullQueue) {
  options.max_waiters = 40;
  come(kGreedy, {.users = 49, .work = milliseconds(50)});
  come(kModest, {.users = 1, .pause = milliseconds(300)});
  pass(seconds(3));
  look();
  const auto before = stats().pushed_out;
  pass(seconds(3));
  EXPECT_EQ(longest_wait(kModest), milliseconds(0));
  EXPECT_EQ(stats().pushed_out, before);
}

TEST_F(PoolShares, WhoWaitsInVainIsToldThatSomeAreKept) {
  const Load load{.used = 6, .limit = 10, .waiting = 3, .lendable = 10, .kept = 4};
  EXPECT_EQ(acquire_timeout(load, seconds(5)).message,
            "no connection became free within 5000 ms: 6 of 10 in use, 3 callers still waiting; up "
            "to 4 are kept free for clients that ask for less than their share (pool.fair_shares)");
}

}  // namespace
}  // namespace sluice::pool
