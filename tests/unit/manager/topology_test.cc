#include "manager/topology.h"

#include <gtest/gtest.h>

namespace sluice::manager {
namespace {

using namespace std::chrono_literals;

class TopologyTest : public ::testing::Test {
 protected:
  void primary(std::size_t host, std::int64_t timeline, std::int64_t position) {
    HostFacts facts;
    facts.timeline = timeline;
    facts.position = position;
    saw(host, facts);
  }
  void replica(std::size_t host, std::optional<std::int64_t> position) {
    HostFacts facts;
    facts.in_recovery = facts.read_only = true;
    facts.position = position;
    saw(host, facts);
  }
  void saw(std::size_t host, HostFacts facts) {
    facts.began = now;
    topology.saw(host, facts, now);
  }
  void down(std::size_t host) { topology.missed(host, "refused", false); }

  HostRole role(std::size_t host) { return topology.view(now).hosts[host].role; }
  std::optional<std::size_t> writer() { return topology.view(now).primary; }
  std::optional<base::Duration> lag(std::size_t host) { return topology.view(now).hosts[host].lag; }
  std::vector<std::string> events() {
    std::vector<std::string> told;
    for (const HostEvent& event : topology.take_events())
      told.push_back(event.host + " " + event.what);
    return told;
  }
  using Told = std::vector<std::string>;

  base::TimePoint now{1'000s};
  Topology topology{"orders", {"a:1", "b:2", "c:3"}};
};

TEST_F(TopologyTest, KnowsNothingBeforeTheFirstLook) {
  EXPECT_EQ(writer(), std::nullopt);
  EXPECT_FALSE(topology.view(now).complete());
  EXPECT_EQ(topology.view(now).in_words(),
            "a:1 was not looked at yet, b:2 was not looked at yet, c:3 was not looked at yet");
}

TEST_F(TopologyTest, FindsThePrimaryAndItsReplicas) {
  replica(0, 10);
  EXPECT_EQ(writer(), std::nullopt);
  primary(1, 1, 10);
  down(2);
  EXPECT_EQ(writer(), 1u);
  EXPECT_TRUE(topology.view(now).complete());
  EXPECT_EQ(events(), (Told{"a:1 replica", "b:2 primary", "c:3 down"}));
  EXPECT_EQ(topology.view(now).in_words(),
            "a:1 is a replica, b:2 is the primary, c:3 is down (refused)");
  replica(0, 11);
  EXPECT_EQ(events(), Told{}) << "nothing new";
}

TEST_F(TopologyTest, AReplicaTakesOver) {
  primary(0, 1, 10);
  replica(1, 10);
  down(0);
  EXPECT_EQ(writer(), std::nullopt);
  primary(1, 2, 11);
  EXPECT_EQ(writer(), 1u);
  EXPECT_EQ(role(0), HostRole::kUnknown);
}

TEST_F(TopologyTest, AMissedLookTakesNoRoleButTheLagWithIt) {
  primary(0, 1, 10);
  replica(1, 10);
  ASSERT_EQ(lag(1), 0s);
  topology.missed(0, "late", true);
  topology.missed(1, "late", true);
  EXPECT_EQ(writer(), 0u);
  EXPECT_EQ(role(1), HostRole::kReplica);
  EXPECT_EQ(lag(1), std::nullopt) << "unknown is not 0";
  EXPECT_FALSE(topology.view(now).hosts[1].known);
  EXPECT_EQ(topology.view(now).hosts[1].problem, "late");
}

TEST_F(TopologyTest, OfTwoPrimariesTheHigherTimelineWins) {
  primary(0, 1, 500);
  primary(1, 2, 100);
  EXPECT_EQ(writer(), 1u);
  EXPECT_EQ(role(0), HostRole::kConflict);
  EXPECT_EQ(events(), (Told{"a:1 primary", "a:1 conflict", "b:2 primary"}));
  primary(0, 1, 900);  // still writing, to nobody's good
  EXPECT_EQ(writer(), 1u);
}

TEST_F(TopologyTest, OnOneTimelineTheOneThatIsFurtherWins) {
  primary(0, 1, 500);
  primary(1, 1, 501);
  EXPECT_EQ(writer(), 1u);
  EXPECT_EQ(role(0), HostRole::kConflict);
}

TEST_F(TopologyTest, WithNothingToCompareThePresentOneStays) {
  saw(1, HostFacts{});
  saw(0, HostFacts{});
  EXPECT_EQ(writer(), 1u);
  EXPECT_EQ(role(0), HostRole::kConflict);
}

TEST_F(TopologyTest, AnOldPrimaryDoesNotComeBackWhenTheNewOneIsDown) {
  primary(0, 1, 500);
  down(0);
  primary(1, 2, 500);
  down(1);
  primary(0, 1, 600);
  EXPECT_EQ(writer(), std::nullopt) << "it lacks what was written on timeline 2";
  EXPECT_EQ(role(0), HostRole::kConflict);
  primary(1, 2, 500);
  EXPECT_EQ(writer(), 1u);
}

TEST_F(TopologyTest, AnOldPrimaryComesBackAsAReplica) {
  primary(0, 1, 500);
  down(0);
  primary(1, 2, 500);
  replica(0, 400);
  EXPECT_EQ(writer(), 1u);
  EXPECT_EQ(role(0), HostRole::kReplica);
  EXPECT_EQ(events(), (Told{"a:1 primary", "a:1 down", "b:2 primary", "a:1 up", "a:1 replica"}));
}

TEST_F(TopologyTest, AReadOnlyHostIsThePrimaryOnlyIfNobodyWrites) {
  HostFacts read_only;
  read_only.read_only = true;
  read_only.timeline = 9;
  saw(0, read_only);
  EXPECT_EQ(writer(), 0u);
  EXPECT_TRUE(topology.view(now).hosts[0].read_only);
  primary(1, 9, 1);
  EXPECT_EQ(writer(), 1u);
  EXPECT_EQ(role(0), HostRole::kConflict);
}

TEST_F(TopologyTest, LagIsUnknownWithoutAPrimaryToCompareWith) {
  replica(0, 10);
  EXPECT_EQ(lag(0), std::nullopt);
  EXPECT_TRUE(topology.view(now).hosts[0].tells_lag);
  replica(1, std::nullopt);
  EXPECT_FALSE(topology.view(now).hosts[1].tells_lag);
}

TEST_F(TopologyTest, LagIsTheAgeOfTheLastPlaceOfThePrimaryThatIsReplayed) {
  primary(0, 1, 100);
  now += 2s;
  primary(0, 1, 200);
  now += 2s;
  primary(0, 1, 300);
  replica(1, 300);
  EXPECT_EQ(lag(1), 0s);
  replica(1, 299);
  EXPECT_EQ(lag(1), 2s);
  replica(1, 200);
  EXPECT_EQ(lag(1), 2s);
  replica(1, 199);
  EXPECT_EQ(lag(1), 4s);
  now += 1s;
  EXPECT_EQ(lag(1), 5s) << "it grows while nothing is heard";
  replica(1, 99);
  EXPECT_EQ(lag(1), std::nullopt) << "further back than we remember";
}

TEST_F(TopologyTest, AnIdlePrimaryMakesNoLag) {
  primary(0, 1, 100);
  replica(1, 100);
  now += 1h;
  primary(0, 1, 100);
  EXPECT_EQ(lag(1), 0s);
  primary(0, 1, 101);  // the first write for an hour
  now += 1ms;
  EXPECT_EQ(lag(1), 1ms);
}

TEST_F(TopologyTest, TheLastReplayedTransactionMayTellLess) {
  HostFacts writer;
  writer.timeline = 1;
  writer.position = 100;
  writer.clock = 50'000'000;
  saw(0, writer);
  HostFacts behind;
  behind.in_recovery = true;
  behind.position = 99;
  behind.replayed = 49'900'000;
  saw(1, behind);
  now += 50ms;
  EXPECT_EQ(lag(1), 150ms);
}

TEST_F(TopologyTest, WhileNoPrimaryWasEverSeenTheReplicasOwnClockTells) {
  HostFacts facts;
  facts.in_recovery = true;
  facts.position = 99;
  facts.clock = 50'000'000;
  facts.replayed = 49'000'000;
  saw(1, facts);
  now += 500ms;
  EXPECT_EQ(lag(1), 1'500ms);
}

TEST_F(TopologyTest, ARoundTripIsSmoothed) {
  HostFacts facts;
  facts.round_trip = 8ms;
  saw(0, facts);
  EXPECT_EQ(topology.view(now).hosts[0].round_trip, 8ms);
  facts.round_trip = 4ms;
  saw(0, facts);
  EXPECT_EQ(topology.view(now).hosts[0].round_trip, 7ms);
  facts.round_trip.reset();
  saw(0, facts);
  EXPECT_EQ(topology.view(now).hosts[0].round_trip, 7ms);
}

}  // namespace
}  // namespace sluice::manager
