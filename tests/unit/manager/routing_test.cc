#include "manager/routing.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace sluice::manager {
namespace {

using namespace std::chrono_literals;

/// A primary and two replicas, all well.
class RoutingTest : public ::testing::Test {
 protected:
  RoutingTest() {
    for (const char* name : {"a:1", "b:2", "c:3"}) {
      HostView host;
      host.name = name;
      host.up = host.known = host.seen = host.tells_lag = true;
      host.role = HostRole::kReplica;
      host.lag = 0s;
      host.round_trip = 1ms;
      host.seen_at = base::TimePoint(100s);
      view.hosts.push_back(host);
    }
    view.hosts[0].role = HostRole::kPrimary;
    view.primary = 0;
  }

  Routing routing() {
    return {view, options, [this](std::size_t host) { return loads[host]; }};
  }
  /// All hosts that are ever chosen; 9 stands for waiting, nothing for a refusal.
  std::set<std::size_t> chosen(Route route) {
    std::set<std::size_t> hosts;
    wish.route = route;
    for (int i = 0; i < 200; ++i) {
      const auto choice = routing().choose(wish, random);
      if (choice.host) hosts.insert(*choice.host);
      if (choice.wait) hosts.insert(9);
    }
    return hosts;
  }
  using Hosts = std::set<std::size_t>;

  TopologyView view;
  RoutingOptions options;
  std::map<std::size_t, HostLoad> loads;
  Wish wish;
  base::Random random{11};
};

TEST_F(RoutingTest, EachRouteHasItsHosts) {
  EXPECT_EQ(chosen(Route::kPrimary), Hosts({0}));
  EXPECT_EQ(chosen(Route::kPreferReplica), Hosts({1, 2}));
  EXPECT_EQ(chosen(Route::kReplica), Hosts({1, 2}));
  EXPECT_EQ(chosen(Route::kAny), Hosts({0, 1, 2}));
}

TEST_F(RoutingTest, AReplicaThatIsTooFarBehindIsLeftOut) {
  view.hosts[1].lag = 10s;
  EXPECT_EQ(chosen(Route::kReplica), Hosts({1, 2})) << "at the limit";
  view.hosts[1].lag = 10s + 1ms;
  EXPECT_EQ(chosen(Route::kReplica), Hosts({2}));
  view.hosts[1].lag.reset();
  EXPECT_EQ(chosen(Route::kReplica), Hosts({2})) << "unknown is not 0";
  options.max_lag = 0ms;
  EXPECT_EQ(chosen(Route::kReplica), Hosts({1, 2})) << "no limit";
}

TEST_F(RoutingTest, AnEngineThatTellsNoLagIsTakenAtItsWord) {
  view.hosts[1].lag.reset();
  view.hosts[1].tells_lag = false;
  EXPECT_EQ(chosen(Route::kReplica), Hosts({1, 2}));
}

TEST_F(RoutingTest, AReplicaThatIsUnwellIsLeftOut) {
  view.hosts[1].known = false;
  EXPECT_EQ(chosen(Route::kPreferReplica), Hosts({2}));
  view.hosts[1].known = true;
  view.hosts[1].role = HostRole::kConflict;
  EXPECT_EQ(chosen(Route::kPreferReplica), Hosts({2}));
  view.hosts[1].role = HostRole::kReplica;
  loads[1].refusing = true;
  EXPECT_EQ(chosen(Route::kPreferReplica), Hosts({2}));
}

TEST_F(RoutingTest, WithoutAReplicaThePrimaryServesThoseWhoLetIt) {
  view.hosts[1].up = view.hosts[2].up = false;
  view.hosts[1].problem = view.hosts[2].problem = "refused";
  EXPECT_EQ(chosen(Route::kPreferReplica), Hosts({0}));
  EXPECT_EQ(chosen(Route::kAny), Hosts({0}));
  EXPECT_EQ(chosen(Route::kReplica), Hosts({}));
  EXPECT_EQ(
      routing().explain(wish),
      "no replica may be read: a:1 is no replica, b:2 is down (refused), c:3 is down (refused)");
}

TEST_F(RoutingTest, WithoutAPrimaryWritesWaitAndReadsGoOn) {
  view.primary.reset();
  view.hosts[0].up = false;
  view.hosts[0].role = HostRole::kUnknown;
  EXPECT_EQ(chosen(Route::kPrimary), Hosts({9}));
  EXPECT_EQ(chosen(Route::kPreferReplica), Hosts({1, 2}));
  EXPECT_EQ(chosen(Route::kAny), Hosts({1, 2}));
}

TEST_F(RoutingTest, BeforeTheFirstLookEverybodyWaits) {
  for (HostView& host : view.hosts) host = {.name = host.name};
  view.primary.reset();
  for (const Route route : {Route::kPrimary, Route::kPreferReplica, Route::kReplica, Route::kAny}) {
    EXPECT_EQ(chosen(route), Hosts({9})) << to_string(route);
  }
}

TEST_F(RoutingTest, AHostThatHasJustFailedIsAvoidedUntilALaterLook) {
  wish.avoid_since = base::TimePoint(100s);
  wish.avoid = 0;
  EXPECT_EQ(chosen(Route::kPrimary), Hosts({9}));
  EXPECT_EQ(chosen(Route::kAny), Hosts({1, 2}));
  wish.avoid = 1;
  EXPECT_EQ(chosen(Route::kReplica), Hosts({2}));
  view.hosts[0].seen_at = view.hosts[1].seen_at = base::TimePoint(100s + 1ms);
  EXPECT_EQ(chosen(Route::kReplica), Hosts({1, 2}));
  wish.avoid = 0;
  EXPECT_EQ(chosen(Route::kPrimary), Hosts({0}));
}

TEST_F(RoutingTest, OfTwoTheOneWithLessToDoIsChosen) {
  loads[1].calls = 5;
  EXPECT_EQ(chosen(Route::kReplica), Hosts({2}));
  view.hosts[2].round_trip = 7ms;  // 6 × 1 ms against 1 × 7 ms
  EXPECT_EQ(chosen(Route::kReplica), Hosts({1}));
}

}  // namespace
}  // namespace sluice::manager
