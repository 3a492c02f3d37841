#include "pool/fair_shares.h"

#include <gtest/gtest.h>

#include <chrono>
#include <vector>

namespace sluice::pool {
namespace {

using namespace std::chrono_literals;

/// What a client did in the last second.
struct Use {
  double connections;  ///< on average
  int most;            ///< at once
};

class SharesTest : public ::testing::Test {
 protected:
  /// Clients 1, 2, 3, …
  void second(const std::vector<Use>& uses) {
    for (std::size_t i = 0; i < uses.size(); ++i) {
      Client& client = clients.of(i + 1);
      client.taken = std::chrono::duration_cast<base::Duration>(1s * uses[i].connections);
      client.most = uses[i].most;
    }
    now += 1s;
    shares.judge(clients, connections, now);
  }
  std::vector<ClientId> greedy() {
    std::vector<ClientId> found;
    for (ClientId id = 1; id <= clients.size(); ++id) {
      if (clients.of(id).greedy) found.push_back(id);
    }
    return found;
  }
  using Ids = std::vector<ClientId>;

  base::TimePoint now{1'000h};
  FairShares shares{now};
  ClientTable clients;
  int connections = 10;
};

TEST_F(SharesTest, OneClientIsNeverGreedy) {
  second({{10, 50}});
  EXPECT_EQ(shares.kept(), 0);
  EXPECT_EQ(greedy(), Ids{});
}

TEST_F(SharesTest, WhoAsksForLittleIsLeftTwiceWhatItUses) {
  second({{8, 40}, {2, 20}});
  EXPECT_EQ(shares.kept(), 4);
  EXPECT_EQ(greedy(), Ids{1});
}

TEST_F(SharesTest, NoMoreThanItWantedAtOnce) {
  second({{8, 40}, {2, 3}});
  EXPECT_EQ(shares.kept(), 3);
}

TEST_F(SharesTest, WhereThereIsEnoughNobodyIsGreedy) {
  second({{6, 6}, {2, 4}});
  EXPECT_EQ(shares.kept(), 0);
  EXPECT_EQ(greedy(), Ids{});
  second({{6, 7}, {2, 4}});
  EXPECT_EQ(shares.kept(), 4);
}

TEST_F(SharesTest, AmongEqualsNothingIsKept) {
  second({{5, 20}, {5, 20}});
  EXPECT_EQ(shares.kept(), 0);
  EXPECT_EQ(greedy(), (Ids{1, 2}));
}

TEST_F(SharesTest, SeveralMayBeModestAndSeveralGreedy) {
  second({{4, 20}, {0.5, 1}, {1, 2}, {4, 30}});
  EXPECT_EQ(shares.kept(), 3);
  EXPECT_EQ(greedy(), (Ids{1, 4}));
}

TEST_F(SharesTest, HalfIsLeftToTheGreedyAtLeast) {
  second({{6, 40}, {1, 2}, {1, 2}, {1, 2}});
  EXPECT_EQ(shares.kept(), 5);
}

TEST_F(SharesTest, OneWhoHardlyAsksCostsALargePoolOneConnectionAndASmallOneNone) {
  const std::vector<Use> uses{{10, 40}, {0.01, 1}};
  second(uses);
  EXPECT_EQ(shares.kept(), 1);
  connections = FairShares::kLarge - 1;
  second(uses);
  EXPECT_EQ(shares.kept(), 0);
  connections = FairShares::kLarge;
  second(uses);
  EXPECT_EQ(shares.kept(), 1);
}

TEST_F(SharesTest, AreJudgedAnewEachSecond) {
  second({{8, 40}, {2, 4}});
  ASSERT_EQ(shares.kept(), 4);
  second({{8, 40}, {0, 0}});
  EXPECT_EQ(shares.kept(), 0);
  EXPECT_EQ(greedy(), Ids{});
}

TEST_F(SharesTest, CountWhatTheGreedyHave) {
  clients.of(1).lent = 5;
  clients.of(2).lent = 2;
  second({{8, 40}, {2, 4}});
  EXPECT_FALSE(shares.greedy_have_enough(connections)) << "five of six";
  shares.lent(clients.of(2));
  EXPECT_FALSE(shares.greedy_have_enough(connections)) << "that was not theirs";
  shares.lent(clients.of(1));
  EXPECT_TRUE(shares.greedy_have_enough(connections));
  shares.given_back(clients.of(1));
  EXPECT_FALSE(shares.greedy_have_enough(connections));
}

TEST_F(SharesTest, OneConnectionIsAlwaysLeftToTheGreedy) {
  second({{8, 40}, {2, 4}});
  EXPECT_FALSE(shares.greedy_have_enough(2)) << "fewer are lent all of a sudden";
  shares.lent(clients.of(1));
  EXPECT_TRUE(shares.greedy_have_enough(2));
}

TEST_F(SharesTest, TimeBeforeTheLastJudgementIsNotCountedTwice) {
  Client& client = clients.of(1);
  shares.used(client, now - 5s, now + 250ms);
  EXPECT_EQ(client.taken, 250ms);
  shares.used(client, now + 100ms, now + 250ms);
  EXPECT_EQ(client.taken, 400ms);
}

}  // namespace
}  // namespace sluice::pool
