// Overrides, events, and the words a breaker explains itself with.
#include "breaker_fixture.h"

namespace sluice::breaker {
namespace {

class BreakerOverride : public BreakerTest {};
class BreakerEvents : public BreakerTest {};
class BreakerWords : public BreakerTest {};

TEST_F(BreakerOverride, ForcedOpenRefusesUntilTheOperatorSaysOtherwise) {
  breaker->force(BreakerState::kForcedOpen, {}, "migration", now);
  now += std::chrono::hours(24);
  breaker->tick(now);
  EXPECT_TRUE(refused());
  EXPECT_FALSE(breaker->probe_due(now));
  EXPECT_EQ(breaker->next_event(), std::nullopt);
  EXPECT_EQ(breaker->status(now).reason, "migration");
  expect_says("held open by an operator (migration)");
  breaker->force(BreakerState::kClosed, {}, "", now);
  EXPECT_FALSE(refused());
  EXPECT_EQ(breaker->state(), BreakerState::kClosed);
}

TEST_F(BreakerOverride, EndsByItselfWhenItsTimeIsOver) {
  breaker->force(BreakerState::kForcedOpen, seconds(10), "", now);
  EXPECT_EQ(breaker->next_event(), now + seconds(10));
  now += seconds(10) - milliseconds(1);
  breaker->tick(now);
  EXPECT_EQ(breaker->state(), BreakerState::kForcedOpen);
  now += milliseconds(1);
  breaker->tick(now);
  EXPECT_EQ(breaker->state(), BreakerState::kClosed);
  EXPECT_EQ(breaker->next_event(), std::nullopt);
  EXPECT_EQ(breaker->status(now).reason, "");
}

TEST_F(BreakerOverride, IsOverForACallerThatComesBeforeTheTick) {
  breaker->force(BreakerState::kForcedOpen, seconds(10), "", now);
  now += seconds(10);
  EXPECT_FALSE(refused());
}

TEST_F(BreakerOverride, ASecondOneReplacesTheFirst) {
  breaker->force(BreakerState::kForcedOpen, seconds(10), "a", now);
  breaker->force(BreakerState::kForcedOpen, {}, "b", now);
  EXPECT_EQ(breaker->next_event(), std::nullopt);
  EXPECT_EQ(breaker->take_transitions().size(), 1U) << "the state changed once";
  EXPECT_EQ(breaker->status(now).reason, "b");
}

TEST_F(BreakerOverride, ForcedClosedLetsEverythingThrough) {
  open_by_failures();
  breaker->force(BreakerState::kForcedClosed, {}, "known", now);
  const Error failure = lost();
  const Error rejected = wrong_password();
  calls(50, &failure);
  call(&rejected);
  for (int i = 0; i < 10; ++i) breaker->report_connect(milliseconds(0), &failure, now);
  EXPECT_EQ(breaker->state(), BreakerState::kForcedClosed);
  EXPECT_FALSE(refused());
  expect_says("held closed by an operator (known)");
  expect_says("61 of 61 calls failed");
}

TEST_F(BreakerOverride, ObservingReportsWhatItWouldHaveDone) {
  breaker->force(BreakerState::kObserveOnly, {}, "", now);
  expect_says("it would not have opened");
  const Error failure = lost();
  calls(20, &failure);
  EXPECT_EQ(breaker->state(), BreakerState::kObserveOnly);
  EXPECT_FALSE(refused());
  EXPECT_EQ(breaker->take_transitions().size(), 1U) << "only the operator's";
  now += seconds(5);
  expect_says("it would have opened 5 s ago: 10 of 10 calls failed");
  calls(30);
  calls(30, &failure);
  expect_says("would have opened 2 times, the last time 0 ms ago");
  EXPECT_EQ(breaker->status(now).opened_count, 0);
}

TEST_F(BreakerOverride, EndingOneStartsAfresh) {
  open_by_failures();
  const Error failure = lost();
  for (int i = 0; i < 5; ++i) probe(&failure);
  breaker->force(BreakerState::kClosed, {}, "", now);
  EXPECT_EQ(breaker->status(now).window_calls, 0);
  open_by_failures();
  EXPECT_LE(open_time(), milliseconds(1'200)) << "the first open time again";
}

TEST_F(BreakerOverride, AProbeThatEndsAfterItIsIgnored) {
  open_by_failures();
  wait_until_probe();
  breaker->force(BreakerState::kForcedOpen, {}, "", now);
  breaker->probe_finished(nullptr, now);
  EXPECT_EQ(breaker->state(), BreakerState::kForcedOpen);
}

TEST_F(BreakerOverride, PermitsFromBeforeItAreIgnored) {
  Permit early = permit();
  breaker->force(BreakerState::kForcedClosed, {}, "", now);
  const Error failure = lost();
  early.settle(&failure, now);
  EXPECT_EQ(breaker->status(now).window_calls, 0);
}

TEST_F(BreakerOverride, KnowsOnlyTheOperatorsStates) {
  breaker->force(BreakerState::kHalfOpen, {}, "", now);
  breaker->force(BreakerState::kOpen, {}, "", now);
  EXPECT_EQ(breaker->state(), BreakerState::kClosed);
  EXPECT_TRUE(breaker->take_transitions().empty());
}

TEST_F(BreakerEvents, TellEveryChangeOnceInOrder) {
  open_and_probe_well();
  const Error failure = lost();
  call(&failure);
  probe(nullptr);
  calls(5);
  breaker->force(BreakerState::kForcedOpen, seconds(1), "drill", now);
  now += seconds(1);
  breaker->tick(now);
  std::string told;
  for (const auto& transition : breaker->take_transitions()) {
    told += std::string(to_string(transition.from)) + ">" + std::string(to_string(transition.to)) +
            " " + transition.reason + "\n";
    EXPECT_FALSE(transition.explanation.empty());
    EXPECT_EQ(transition.db_id, "");
  }
  EXPECT_EQ(told,
            "closed>open failure_rate\n"
            "open>half_open probe_succeeded\n"
            "half_open>open trial_failed\n"
            "open>half_open probe_succeeded\n"
            "half_open>closed trials_succeeded\n"
            "closed>forced_open operator\n"
            "forced_open>closed override_over\n");
  EXPECT_TRUE(breaker->take_transitions().empty());
}

TEST_F(BreakerEvents, CarryTheEvidence) {
  open_by_failures();
  const auto opened = breaker->take_transitions();
  ASSERT_EQ(opened.size(), 1U);
  EXPECT_NE(opened[0].explanation.find("10 of 10 calls failed"), std::string::npos);
  EXPECT_NE(opened[0].explanation.find("next trial in"), std::string::npos);
}

TEST_F(BreakerWords, ExplainAnOpenBreakerCompletely) {
  const Error mistake = no_such_table();
  const Error starting = starting_up();
  const Error gone = lost();
  options.minimum_calls = 40;
  use(options);
  calls(9);
  calls(2, &mistake);
  calls(2, &gone);
  calls(29, &starting);
  ASSERT_EQ(breaker->state(), BreakerState::kOpen);
  now = *breaker->next_event() - milliseconds(420);
  EXPECT_EQ(explanation(),
            "31 of 40 calls failed in 10 s (77.5 %, limit 50 %): 29 x 57P03 the database system is "
            "starting up, 2 x connection lost; not counted: 2 x 42P01; next trial in 420 ms");
}

TEST_F(BreakerWords, ARefusalCarriesThemAndWhenToComeBack) {
  open_by_failures();
  const auto answer = breaker->acquire(now);
  ASSERT_FALSE(answer);
  const Error& error = answer.error();
  EXPECT_EQ(error.code, ErrorCode::kBreakerOpen);
  EXPECT_EQ(error.message, explanation());
  EXPECT_EQ(error.outcome, Outcome::kNotStarted);
  EXPECT_EQ(error.fault, Fault::kCaller) << "must not feed anything";
  EXPECT_TRUE(error.retryable);
  EXPECT_EQ(error.retry_after, breaker->status(now).next_trial_in);
  EXPECT_EQ(breaker->status(now).rejected, 1);
}

TEST_F(BreakerWords, ARefusalNeverSaysComeBackAtOnce) {
  open_by_failures();
  now = *breaker->next_event();
  EXPECT_EQ(breaker->acquire(now).error().retry_after, milliseconds(250));
  now += seconds(5);
  EXPECT_EQ(breaker->status(now).next_trial_in, milliseconds(0));
  EXPECT_EQ(breaker->acquire(now).error().retry_after, milliseconds(250));
}

TEST_F(BreakerWords, OfAClosedBreakerNameWhatIsWatched) {
  EXPECT_EQ(explanation(), "no calls counted in the last 10 s");
  calls(3);
  EXPECT_EQ(explanation(), "none of 3 calls failed in 10 s");
  const Error failure = lost();
  call(&failure);
  EXPECT_EQ(explanation(),
            "1 of 4 calls failed in 10 s (25 %, limit 50 %): 1 x connection lost; judged from 10 "
            "calls on");
}

TEST_F(BreakerWords, AreBoundedHoweverManyKindsOfErrorsCome) {
  options.minimum_calls = 1'000'000;
  use(options);
  for (int i = 0; i < 5'000; ++i) {
    const Error failure =
        sql_error(Fault::kDatabase, "58" + std::to_string(i), std::string(5'000, 'x'));
    call(&failure);
  }
  EXPECT_LT(explanation().size(), 1'500U);
  expect_says("5000 of 5000 calls failed");
  expect_says("4993 x other");
}

TEST_F(BreakerWords, ForgetKindsThatLeftTheWindow) {
  options.minimum_calls = 1'000;
  use(options);
  for (int i = 0; i < 20; ++i) {
    const Error failure = sql_error(Fault::kDatabase, "580" + std::to_string(i), "old");
    call(&failure);
  }
  now += seconds(10);
  const Error failure = lost();
  calls(2, &failure);
  EXPECT_EQ(
      explanation(),
      "2 of 2 calls failed in 10 s (100 %, limit 50 %): 2 x connection lost; judged from 1000 "
      "calls on");
}

TEST_F(BreakerWords, AdmitThatMessagesDiffer) {
  const Error refused_by_host =
      error_of(Fault::kDatabase, ErrorCode::kDatabaseUnavailable, "connection refused");
  const Error failure = lost();
  calls(10);
  call(&failure);
  call(&refused_by_host);
  expect_says("2 x database_unavailable (last: connection refused)");
}

TEST_F(BreakerWords, TakeTheFirstLineOfAMessageAndCutNoCharacter) {
  calls(10);
  std::string text = "zeile eins.";
  const Error two_lines =
      error_of(Fault::kDatabase, ErrorCode::kDatabaseUnavailable, text + "\nzwei");
  call(&two_lines);
  EXPECT_TRUE(explanation().ends_with("1 x zeile eins")) << explanation();
  use(options);
  calls(10);
  text = std::string(159, 'x') + "ü";
  const Error lengthy = error_of(Fault::kDatabase, ErrorCode::kConnectTimeout, text);
  call(&lengthy);
  expect_says(std::string(159, 'x'));
  expect_does_not_say("\xc3");
}

TEST(Explanation, WritesTimesForPeople) {
  EXPECT_EQ(in_words(milliseconds(0)), "0 ms");
  EXPECT_EQ(in_words(milliseconds(-5)), "0 ms");
  EXPECT_EQ(in_words(std::chrono::nanoseconds(1)), "1 ms");
  EXPECT_EQ(in_words(milliseconds(999)), "999 ms");
  EXPECT_EQ(in_words(milliseconds(1'000)), "1 s");
  EXPECT_EQ(in_words(milliseconds(2'001)), "2.1 s");
  EXPECT_EQ(in_words(milliseconds(119'950)), "120 s");
  EXPECT_EQ(in_words(seconds(120)), "2 min");
  EXPECT_EQ(in_words(seconds(150)), "2.5 min");
  EXPECT_EQ(percent(0.775), "77.5 %");
  EXPECT_EQ(percent(1), "100 %");
  EXPECT_EQ(percent(1.0 / 3), "33.3 %");
}

}  // namespace
}  // namespace sluice::breaker
