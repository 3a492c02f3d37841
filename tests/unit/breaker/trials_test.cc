// How an open breaker finds its way back.
#include "breaker_fixture.h"

namespace sluice::breaker {
namespace {

class BreakerTrials : public BreakerTest {};

TEST_F(BreakerTrials, StaysOpenForOneSecondGiveOrTakeAFifth) {
  for (unsigned seed = 1; seed <= 200; ++seed) {
    random.seed(seed);
    use(options);
    open_by_failures();
    EXPECT_GE(open_time(), milliseconds(800));
    EXPECT_LE(open_time(), milliseconds(1'200));
  }
}

TEST_F(BreakerTrials, DrawsDifferentOpenTimes) {
  open_by_failures();
  const Duration first = open_time();
  use(options);
  open_by_failures();
  EXPECT_NE(open_time(), first);
}

TEST_F(BreakerTrials, AProbeIsDueWhenTheOpenTimeIsOver) {
  open_by_failures();
  const TimePoint due = *breaker->next_event();
  EXPECT_FALSE(breaker->probe_due(due - std::chrono::nanoseconds(1)));
  EXPECT_TRUE(breaker->probe_due(due));
  EXPECT_TRUE(breaker->probe_due(due + seconds(1)));
}

TEST_F(BreakerTrials, OnlyOneProbeIsDueAtATime) {
  open_by_failures();
  wait_until_probe();
  EXPECT_FALSE(breaker->probe_due(now));
  EXPECT_FALSE(breaker->probe_due(now + std::chrono::hours(1)));
  EXPECT_EQ(breaker->next_event(), std::nullopt);
  EXPECT_TRUE(refused());
  expect_says("a probe is under way");
}

TEST_F(BreakerTrials, FailedProbesDoubleTheOpenTimeUpToAMinute) {
  open_by_failures();
  const Error failure = lost();
  for (const int expected : {2, 4, 8, 16, 32, 60, 60, 60}) {
    probe(&failure);
    EXPECT_EQ(breaker->state(), BreakerState::kOpen);
    EXPECT_GE(open_time(), milliseconds(expected * 800));
    EXPECT_LE(open_time(), milliseconds(expected * 1'200));
  }
  expect_says("8 probes have failed since, the last: connection lost");
}

TEST_F(BreakerTrials, AProbeThatCouldNotBeMadeIsRepeatedAfterTheFirstOpenTime) {
  open_by_failures();
  const Error failure = lost();
  for (int i = 0; i < 4; ++i) probe(&failure);
  const Error no_slot = error_of(Fault::kCaller, ErrorCode::kQueueFull, "every slot is taken");
  probe(&no_slot);
  EXPECT_LE(open_time(), milliseconds(1'200));
  probe(&failure);
  EXPECT_GE(open_time(), milliseconds(32 * 800)) << "the doubling goes on where it was";
}

TEST_F(BreakerTrials, AProbeThatIsRejectedChangesTheExplanation) {
  open_by_failures();
  const Error error = wrong_password();
  probe(&error);
  EXPECT_EQ(breaker->state(), BreakerState::kOpen);
  EXPECT_EQ(breaker->status(now).reason, "rejected_by_server");
  expect_says("right user and password");
}

TEST_F(BreakerTrials, LetsOneThenTwoThenFourCallsThroughAtOnce) {
  options.half_open_successes = 100;
  use(options);
  open_and_probe_well();
  for (const std::size_t places : {1U, 2U, 4U, 4U}) {
    std::vector<Permit> permits;
    for (std::size_t i = 0; i < places; ++i) permits.push_back(permit());
    EXPECT_TRUE(refused()) << "more than " << places;
    for (Permit& one : permits) one.settle(nullptr, now);
  }
}

TEST_F(BreakerTrials, ClosesAfterFiveSuccessesAndNotAfterFour) {
  open_and_probe_well();
  calls(4);
  EXPECT_EQ(breaker->state(), BreakerState::kHalfOpen);
  call(nullptr);
  EXPECT_EQ(breaker->state(), BreakerState::kClosed);
  EXPECT_EQ(breaker->status(now).window_calls, 0) << "starts with an empty window";
  EXPECT_EQ(breaker->status(now).reason, "");
}

TEST_F(BreakerTrials, OneFailureReopensForTwiceTheTime) {
  open_and_probe_well();
  calls(4);
  const Error failure = lost();
  call(&failure);
  EXPECT_EQ(breaker->state(), BreakerState::kOpen);
  EXPECT_EQ(breaker->status(now).reason, "trial_failed");
  EXPECT_EQ(breaker->status(now).opened_count, 2);
  EXPECT_GE(open_time(), milliseconds(1'600));
  expect_says("a trial call failed after 4 of 5 had succeeded: connection lost");
}

TEST_F(BreakerTrials, AFailedConnectOrPingReopensToo) {
  const Error failure = lost();
  open_and_probe_well();
  breaker->report_connect(milliseconds(0), &failure, now);
  EXPECT_EQ(breaker->state(), BreakerState::kOpen);
  probe(nullptr);
  breaker->report_ping(milliseconds(0), &failure, now);
  EXPECT_EQ(breaker->state(), BreakerState::kOpen);
}

TEST_F(BreakerTrials, SlowConnectsDoNotReopen) {
  open_and_probe_well();
  now += seconds(10);
  for (int i = 0; i < 50; ++i) breaker->report_connect(seconds(2), nullptr, now);
  EXPECT_EQ(breaker->state(), BreakerState::kHalfOpen);
}

TEST_F(BreakerTrials, RejectedCredentialsReopenWithTheirReason) {
  open_and_probe_well();
  const Error error = wrong_password();
  call(&error);
  EXPECT_EQ(breaker->state(), BreakerState::kOpen);
  EXPECT_EQ(breaker->status(now).reason, "rejected_by_server");
}

TEST_F(BreakerTrials, TheOpenTimeIsForgivenAfterAMinuteClosed) {
  const auto open_again_after = [this](Duration closed) {
    use(options);
    open_and_probe_well();
    calls(5);
    ASSERT_EQ(breaker->state(), BreakerState::kClosed);
    now += closed;
    open_by_failures();
  };
  open_again_after(seconds(60) - milliseconds(1));
  EXPECT_GE(open_time(), milliseconds(1'600));
  open_again_after(seconds(60));
  EXPECT_LE(open_time(), milliseconds(1'200));
}

TEST_F(BreakerTrials, AnIgnoredResultFreesItsPlace) {
  open_and_probe_well();
  const Error mistake = no_such_table();
  for (int i = 0; i < 100; ++i) call(&mistake);
  EXPECT_EQ(breaker->state(), BreakerState::kHalfOpen);
  calls(5);
  EXPECT_EQ(breaker->state(), BreakerState::kClosed);
}

TEST_F(BreakerTrials, APermitGivenBackUnsettledFreesItsPlace) {
  open_and_probe_well();
  for (int i = 0; i < 100; ++i) {
    Permit one = permit();
    EXPECT_TRUE(refused());
    Permit moved = std::move(one);
    EXPECT_TRUE(refused()) << "moving frees nothing";
    Permit assigned;
    assigned = std::move(moved);
    EXPECT_TRUE(refused());
  }
  EXPECT_FALSE(refused());
}

TEST_F(BreakerTrials, AssigningToAPermitGivesItsOwnPlaceBack) {
  open_and_probe_well();
  calls(1);
  Permit a = permit();
  Permit b = permit();
  EXPECT_TRUE(refused());
  a = std::move(b);
  EXPECT_FALSE(refused());
}

TEST_F(BreakerTrials, SettlingTwiceCountsOnce) {
  open_and_probe_well();
  Permit one = permit();
  one.settle(nullptr, now);
  for (int i = 0; i < 10; ++i) one.settle(nullptr, now);
  EXPECT_EQ(breaker->state(), BreakerState::kHalfOpen);
  calls(4);
  EXPECT_EQ(breaker->state(), BreakerState::kClosed);
}

TEST_F(BreakerTrials, ATrialThatTakesVeryLongDoesNotKeepItShut) {
  open_and_probe_well();
  Permit slow = permit();
  now += seconds(5) - milliseconds(1);
  EXPECT_TRUE(refused());
  now += milliseconds(1);
  Permit second = permit();
  EXPECT_TRUE(refused()) << "one more, not many";
  second.settle(nullptr, now);
  slow.settle(nullptr, now);
  calls(3);
  EXPECT_EQ(breaker->state(), BreakerState::kClosed);
}

TEST_F(BreakerTrials, ResultsOfCallsFromBeforeAChangeAreIgnored) {
  Permit from_closed = permit();
  Permit another = permit();
  open_by_failures();
  const Error failure = lost();
  from_closed.settle(&failure, now);
  probe(nullptr);
  another.settle(&failure, now);
  EXPECT_EQ(breaker->state(), BreakerState::kHalfOpen) << "a late failure says nothing of now";
}

TEST_F(BreakerTrials, LateSuccessesDoNotCloseIt) {
  std::vector<Permit> early;
  for (int i = 0; i < 20; ++i) early.push_back(permit());
  open_and_probe_well();
  for (Permit& one : early) one.settle(nullptr, now);
  EXPECT_EQ(breaker->state(), BreakerState::kHalfOpen);
  Permit trial = permit();
  EXPECT_TRUE(refused()) << "late results free no places either";
}

TEST_F(BreakerTrials, TrialsOfAnEarlierHalfOpenTimeAreIgnored) {
  open_and_probe_well();
  calls(1);
  Permit late = permit();
  const Error failure = lost();
  call(&failure);
  probe(nullptr);
  ASSERT_EQ(breaker->state(), BreakerState::kHalfOpen);
  Permit trial = permit();
  late.settle(&failure, now);
  EXPECT_EQ(breaker->state(), BreakerState::kHalfOpen);
  EXPECT_TRUE(refused());
}

TEST_F(BreakerTrials, AConnectThatBeganBeforeTheChangeIsIgnored) {
  open_and_probe_well();
  const Error failure = lost();
  now += seconds(2);
  breaker->report_connect(seconds(2) + milliseconds(1), &failure, now);
  EXPECT_EQ(breaker->state(), BreakerState::kHalfOpen);
  breaker->report_connect(seconds(2), &failure, now);
  EXPECT_EQ(breaker->state(), BreakerState::kOpen);
}

TEST_F(BreakerTrials, WhatIsReportedWhileOpenIsIgnored) {
  open_by_failures();
  const Error failure = lost();
  now += milliseconds(100);
  const auto due = breaker->next_event();
  for (int i = 0; i < 10; ++i) {
    breaker->report_connect(milliseconds(1), &failure, now);
    breaker->report_ping(milliseconds(1), &failure, now);
  }
  EXPECT_EQ(breaker->next_event(), due);
  EXPECT_EQ(breaker->status(now).opened_count, 1);
}

TEST_F(BreakerTrials, AProbeThatNobodyStartedChangesNothing) {
  open_by_failures();
  breaker->probe_finished(nullptr, now);
  EXPECT_EQ(breaker->state(), BreakerState::kOpen);
  breaker->force(BreakerState::kClosed, {}, "", now);
  breaker->probe_started();
  const Error failure = lost();
  breaker->probe_finished(&failure, now);
  EXPECT_EQ(breaker->state(), BreakerState::kClosed);
}

// Random calls, results, probes and times: whatever happens, it recovers once all is well.
TEST_F(BreakerTrials, NeverGetsStuck) {
  for (unsigned seed = 1; seed <= 200; ++seed) {
    std::mt19937 dice(seed);
    random.seed(seed);
    use(options);
    const std::vector<Error> errors{lost(), no_such_table(), wrong_password(),
                                    error_of(Fault::kOverload, ErrorCode::kAcquireTimeout, "late")};
    std::vector<Permit> permits;
    for (int step = 0; step < 500; ++step) {
      const Error* error = dice() % 3 == 0 ? &errors[dice() % errors.size()] : nullptr;
      switch (dice() % 6) {
        case 0:
          if (auto given = breaker->acquire(now)) permits.push_back(std::move(*given));
          break;
        case 1:
          if (!permits.empty()) {
            Permit one = std::move(permits[dice() % permits.size()]);
            if (dice() % 4 != 0) one.settle(error, now);
          }
          break;
        case 2:
          breaker->report_connect(milliseconds(dice() % 2'000), error, now);
          break;
        case 3:
          breaker->report_ping(milliseconds(dice() % 2'000), error, now);
          break;
        case 4:
          if (breaker->probe_due(now)) {
            breaker->probe_started();
            breaker->probe_finished(error, now);
          }
          break;
        default:
          now += milliseconds(dice() % 1'500);
          break;
      }
      for (const auto& transition : breaker->take_transitions()) {
        ASSERT_NE(transition.from, transition.to) << "seed " << seed;
      }
    }
    for (int i = 0; i < 200 && breaker->state() != BreakerState::kClosed; ++i) {
      now += seconds(6);
      if (breaker->probe_due(now)) {
        breaker->probe_started();
        breaker->probe_finished(nullptr, now);
      }
      if (auto given = breaker->acquire(now)) given->settle(nullptr, now);
    }
    ASSERT_EQ(breaker->state(), BreakerState::kClosed) << "seed " << seed;
    permits.clear();
  }
}

}  // namespace
}  // namespace sluice::breaker
