#include "manager/host_monitor.h"

#include <gtest/gtest.h>

#include <vector>

#include "support/fake_connection.h"
#include "support/simulated_loop.h"

namespace sluice::manager {
namespace {

using namespace std::chrono_literals;
using testing::Answer;

Answer replica_at(const std::string& position) {
  return Answer::with_rows({"1", "2", "3", "4", "5", "6"},
                           {{"t", "on", position, std::nullopt, "2000000", "1000000"}});
}

class HostMonitorTest : public ::testing::Test {
 protected:
  struct Seen {
    base::TimePoint at;
    std::optional<HostFacts> facts;
    bool up;
    std::string problem;
  };

  HostMonitorTest() { database.statement(HostProbe::question(0)).always(replica_at("42")); }

  void watch() {
    monitor = std::make_unique<HostMonitor>(
        loop, database.connector(loop), random, 2s, [this](const HostMonitor::Sight& sight) {
          seen.push_back({loop.now(), sight.facts ? std::optional(*sight.facts) : std::nullopt,
                          sight.up, sight.error ? sight.error->message : ""});
        });
    loop.run_posted();
  }
  int looks() { return static_cast<int>(seen.size()); }

  testing::SimulatedLoop loop;
  testing::FakeDatabase database;
  base::Random random{5};
  std::vector<Seen> seen;
  std::unique_ptr<HostMonitor> monitor;
};

TEST_F(HostMonitorTest, LooksAtOnceAndReadsTheFacts) {
  watch();
  ASSERT_EQ(looks(), 1);
  const HostFacts& facts = *seen[0].facts;
  EXPECT_TRUE(seen[0].up && facts.in_recovery && facts.read_only);
  EXPECT_EQ(facts.position, 42);
  EXPECT_EQ(facts.timeline, std::nullopt);
  EXPECT_EQ(facts.clock, 2'000'000);
  EXPECT_EQ(facts.replayed, 1'000'000);
  EXPECT_EQ(facts.round_trip, std::nullopt) << "connecting is no round trip";
}

TEST_F(HostMonitorTest, LooksEveryIntervalWithJitterOverOneConnection) {
  watch();
  for (int i = 1; i < 40; ++i) {
    const auto last = seen.back().at;
    loop.advance_to(last + 1'600ms - 1ns);
    EXPECT_EQ(looks(), i);
    loop.advance_to(last + 2'400ms);
    ASSERT_EQ(looks(), i + 1);
  }
  EXPECT_EQ(database.opened(), 1);
}

TEST_F(HostMonitorTest, IsDownAfterTwoMissesAndUpAfterOneLook) {
  watch();
  database.connects.always(Answer::fails(testing::refused_connection()));
  database.lose_all();
  loop.run_posted();
  loop.advance(250ms);  // the lost connection was noticed
  ASSERT_EQ(looks(), 2);
  EXPECT_TRUE(seen[1].up);
  EXPECT_FALSE(seen[1].facts);
  loop.advance(250ms - 1ns);
  EXPECT_EQ(looks(), 2);
  loop.advance(1ns);
  ASSERT_EQ(looks(), 3) << "a first miss is made sure of";
  EXPECT_FALSE(seen[2].up);
  EXPECT_FALSE(seen[2].problem.empty());
  loop.advance(1'600ms - 1ns);
  EXPECT_EQ(looks(), 3) << "then the usual interval";
  loop.advance(800ms);
  EXPECT_EQ(looks(), 4);
  database.connects.always(Answer::ok());
  loop.advance(2'400ms);
  EXPECT_TRUE(seen.back().up && seen.back().facts);
}

TEST_F(HostMonitorTest, AHostThatIsDownFromTheBeginningIsDownAtOnce) {
  database.connects.always(Answer::fails(testing::refused_connection()));
  watch();
  ASSERT_EQ(looks(), 1);
  EXPECT_FALSE(seen[0].up);
}

TEST_F(HostMonitorTest, ASilentHostIsGivenASecond) {
  database.connects.always(Answer::never());
  database.keeps_connect_deadline = false;
  watch();
  loop.advance(1s - 1ns);
  EXPECT_EQ(looks(), 0);
  loop.advance(1ns);
  ASSERT_EQ(looks(), 1);
  EXPECT_EQ(seen[0].problem, "it did not answer within a second");
}

TEST_F(HostMonitorTest, AHostThatHangsInTheMiddleIsGivenASecond) {
  watch();
  database.statement(HostProbe::question(0)).always(Answer::never());
  monitor->look_soon();
  loop.advance(1'250ms - 1ns);
  EXPECT_EQ(looks(), 1);
  loop.advance(1ns);
  ASSERT_EQ(looks(), 2);
  EXPECT_TRUE(seen[1].up);
  EXPECT_EQ(database.live(), 0) << "its connection is given up";
}

TEST_F(HostMonitorTest, LooksSoonButNotTwiceInAQuarterOfASecond) {
  watch();
  monitor->look_soon();
  monitor->look_soon();
  loop.advance(250ms - 1ns);
  EXPECT_EQ(looks(), 1);
  loop.advance(1ns);
  EXPECT_EQ(looks(), 2);
  loop.advance(300ms);
  monitor->look_soon();
  loop.run_posted();
  EXPECT_EQ(looks(), 3) << "at once, after a longer pause";
}

TEST_F(HostMonitorTest, WhatIsAskedDuringALookIsLookedAtAfterIt) {
  watch();
  database.statement(HostProbe::question(0)).always(replica_at("43").later(100ms));
  monitor->look_soon();
  loop.advance(300ms);  // under way since 250 ms
  monitor->look_soon();
  loop.advance(50ms);
  EXPECT_EQ(looks(), 2);
  loop.advance(150ms + 100ms);
  EXPECT_EQ(looks(), 3);
}

TEST_F(HostMonitorTest, AConnectionThatWasLostBetweenLooksIsReplaced) {
  watch();
  database.statement(HostProbe::question(0)).next(Answer::loses_connection());
  loop.advance(2'400ms);
  ASSERT_EQ(looks(), 2);
  EXPECT_TRUE(seen[1].facts) << seen[1].problem;
  EXPECT_EQ(database.opened(), 2);
}

TEST_F(HostMonitorTest, AnAnswerWithoutARowTellsNothing) {
  database.statement(HostProbe::question(0)).always(Answer::ok());
  watch();
  ASSERT_EQ(looks(), 1);
  EXPECT_FALSE(seen[0].facts) << "it is no primary for that";
}

TEST_F(HostMonitorTest, AsksAnEngineThatKnowsLessForLess) {
  const auto unknown = Answer::fails(testing::sql_error("42883", "no such function"));
  database.statement(HostProbe::question(0)).always(unknown);
  database.statement(HostProbe::question(1)).always(Answer::with_rows({"1", "2"}, {{"f", "off"}}));
  watch();
  ASSERT_EQ(looks(), 1);
  ASSERT_TRUE(seen[0].facts);
  EXPECT_FALSE(seen[0].facts->in_recovery);
  EXPECT_EQ(seen[0].facts->position, std::nullopt);
  database.statement(HostProbe::question(1)).always(unknown);
  database.statement(HostProbe::question(2)).always(Answer::with_rows({"1"}, {{"on"}}));
  loop.advance(2'400ms);
  ASSERT_EQ(looks(), 2);
  EXPECT_TRUE(seen[1].facts->in_recovery) << "to it, who takes no writes is a replica";
  loop.advance(2'400ms);
  EXPECT_EQ(database.statement(HostProbe::question(0)).calls(), 1) << "asked once per connection";
}

}  // namespace
}  // namespace sluice::manager
