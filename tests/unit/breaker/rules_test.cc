// What opens a breaker, and what does not.
#include "breaker_fixture.h"

namespace sluice::breaker {
namespace {

class BreakerRules : public BreakerTest {};

TEST_F(BreakerRules, OpensAtHalfOfTenCallsFailed) {
  const Error failure = lost();
  calls(5);
  calls(4, &failure);
  EXPECT_EQ(breaker->state(), BreakerState::kClosed) << "nine calls are too few";
  call(&failure);
  EXPECT_EQ(breaker->state(), BreakerState::kOpen);
  EXPECT_TRUE(breaker->refusing());
  EXPECT_EQ(breaker->status(now).reason, "failure_rate");
}

TEST_F(BreakerRules, StaysClosedJustBelowHalf) {
  const Error failure = lost();
  calls(51);
  calls(50, &failure);
  EXPECT_EQ(breaker->state(), BreakerState::kClosed);
  call(&failure);
  EXPECT_EQ(breaker->state(), BreakerState::kOpen) << "51 of 102";
}

TEST_F(BreakerRules, OpensWhenASuccessCompletesTheMinimum) {
  const Error failure = lost();
  calls(9, &failure);
  EXPECT_EQ(breaker->state(), BreakerState::kClosed);
  call(nullptr);
  EXPECT_EQ(breaker->state(), BreakerState::kOpen) << "9 of 10 failed";
}

TEST_F(BreakerRules, NeverOpensWithoutAFailureHoweverLowTheRate) {
  options.failure_rate = 0;
  options.minimum_calls = 1;
  use(options);
  calls(100);
  EXPECT_EQ(breaker->state(), BreakerState::kClosed);
}

TEST_F(BreakerRules, ReachesARateThatNoBinaryFractionHits) {
  options.failure_rate = 0.7;
  use(options);
  const Error failure = lost();
  calls(3);
  calls(6, &failure);
  ASSERT_EQ(breaker->state(), BreakerState::kClosed);
  call(&failure);
  EXPECT_EQ(breaker->state(), BreakerState::kOpen) << "7 of 10";
}

TEST_F(BreakerRules, ForgetsFailuresThatLeftTheWindow) {
  const Error failure = lost();
  calls(5, &failure);
  now += seconds(10);
  calls(5, &failure);
  EXPECT_EQ(breaker->state(), BreakerState::kClosed);
  EXPECT_EQ(breaker->status(now).window_calls, 5);
}

TEST_F(BreakerRules, RemembersFailuresToTheEndOfTheWindow) {
  const Error failure = lost();
  calls(5, &failure);
  now += seconds(10) - milliseconds(1);
  calls(5, &failure);
  EXPECT_EQ(breaker->state(), BreakerState::kOpen);
}

TEST_F(BreakerRules, FiveConnectFailuresInARowOpenIt) {
  const Error failure = lost();
  for (int i = 0; i < 4; ++i) {
    breaker->report_connect(milliseconds(0), &failure, now);
    now += seconds(30);  // however far apart
  }
  EXPECT_EQ(breaker->state(), BreakerState::kClosed);
  breaker->report_connect(milliseconds(0), &failure, now);
  EXPECT_EQ(breaker->state(), BreakerState::kOpen);
  EXPECT_EQ(breaker->status(now).reason, "connect_failures");
  expect_says("5 connects failed in a row (limit 5): 1 x connection lost");
}

TEST_F(BreakerRules, AConnectThatSucceedsEndsTheRow) {
  const Error failure = lost();
  for (int i = 0; i < 4; ++i) breaker->report_connect(milliseconds(0), &failure, now);
  now += seconds(30);
  breaker->report_connect(milliseconds(5), nullptr, now);
  for (int i = 0; i < 4; ++i) breaker->report_connect(milliseconds(0), &failure, now);
  EXPECT_EQ(breaker->state(), BreakerState::kClosed);
  breaker->report_connect(milliseconds(0), &failure, now);
  EXPECT_EQ(breaker->state(), BreakerState::kOpen);
}

TEST_F(BreakerRules, AFullServerNeitherCountsNorEndsTheRow) {
  const Error failure = lost();
  const Error full = sql_error(Fault::kOverload, "53300", "sorry, too many clients already");
  for (int i = 0; i < 4; ++i) breaker->report_connect(milliseconds(0), &failure, now);
  for (int i = 0; i < 100; ++i) breaker->report_connect(milliseconds(0), &full, now);
  EXPECT_EQ(breaker->state(), BreakerState::kClosed);
  breaker->report_connect(milliseconds(0), &failure, now);
  EXPECT_EQ(breaker->state(), BreakerState::kOpen);
  expect_says("not counted: 100 x 53300");
}

TEST_F(BreakerRules, FailedConnectsAndPingsAreFailedCalls) {
  options.consecutive_connect_failures = 100;
  use(options);
  const Error failure = lost();
  calls(5);
  for (int i = 0; i < 2; ++i) breaker->report_connect(milliseconds(0), &failure, now);
  for (int i = 0; i < 2; ++i) breaker->report_ping(milliseconds(0), &failure, now);
  EXPECT_EQ(breaker->state(), BreakerState::kClosed);
  breaker->report_ping(milliseconds(0), &failure, now);
  EXPECT_EQ(breaker->state(), BreakerState::kOpen);
}

TEST_F(BreakerRules, GoodConnectsAndPingsAreNoCalls) {
  now += seconds(1);
  for (int i = 0; i < 50; ++i) {
    breaker->report_connect(milliseconds(1), nullptr, now);
    breaker->report_ping(milliseconds(1), nullptr, now);
  }
  EXPECT_EQ(breaker->status(now).window_calls, 0);
  EXPECT_EQ(breaker->status(now).slow_rate, 0.0);
}

TEST_F(BreakerRules, FewSlowConnectsNeverOpenIt) {
  now += seconds(60);
  for (int i = 0; i < 9; ++i) breaker->report_connect(milliseconds(1'001), nullptr, now);
  EXPECT_EQ(breaker->state(), BreakerState::kClosed) << "nine are too few";
  EXPECT_EQ(breaker->status(now).slow_rate, std::nullopt);
  breaker->report_connect(milliseconds(1'001), nullptr, now);
  EXPECT_EQ(breaker->state(), BreakerState::kOpen);
}

TEST_F(BreakerRules, OpensAtFourFifthsSlowAndNotBelow) {
  now += seconds(60);
  for (int i = 0; i < 3; ++i) breaker->report_ping(milliseconds(1'000), nullptr, now);  // not over
  for (int i = 0; i < 11; ++i) breaker->report_ping(milliseconds(1'001), nullptr, now);
  EXPECT_EQ(breaker->state(), BreakerState::kClosed) << "11 of 14";
  breaker->report_ping(milliseconds(1'001), nullptr, now);
  EXPECT_EQ(breaker->state(), BreakerState::kOpen) << "12 of 15";
  EXPECT_EQ(breaker->status(now).reason, "slow_rate");
  expect_says("12 of 15 connects and pings took longer than 1 s in 10 s (80 %, limit 80 %)");
}

TEST_F(BreakerRules, SlowCallsNeverOpenIt) {
  std::vector<Permit> permits;
  for (int i = 0; i < 100; ++i) permits.push_back(permit());
  now += seconds(300);  // long statements are legal
  for (Permit& one : permits) one.settle(nullptr, now);
  EXPECT_EQ(breaker->state(), BreakerState::kClosed);
}

TEST_F(BreakerRules, MistakesAndOverloadNeverCount) {
  const Error mistake = no_such_table();
  const Error late =
      error_of(Fault::kOverload, ErrorCode::kAcquireTimeout, "no connection in time");
  calls(50, &mistake);
  calls(50, &late);
  EXPECT_EQ(breaker->state(), BreakerState::kClosed);
  EXPECT_EQ(breaker->status(now).window_calls, 0);
  EXPECT_EQ(breaker->status(now).failure_rate, std::nullopt);
  expect_says("not counted: 50 x 42P01, 50 x acquire_timeout");
  expect_does_not_say("secret");
}

TEST_F(BreakerRules, RefusedCredentialsOpenItAtOnceAndSayWhatToChange) {
  const Error error = wrong_password();
  now += seconds(1);
  breaker->report_connect(milliseconds(3), &error, now);
  EXPECT_EQ(breaker->state(), BreakerState::kOpen);
  EXPECT_EQ(breaker->status(now).reason, "rejected_by_server");
  expect_says("28P01 password authentication failed for user \"app\"");
  expect_says("right user and password");
}

TEST_F(BreakerRules, AMissingDatabaseOpensItFromACallToo) {
  const Error error = sql_error(Fault::kCredentials, "3D000", "database \"x\" does not exist");
  call(&error);
  EXPECT_EQ(breaker->state(), BreakerState::kOpen);
  expect_says("create the database");
}

TEST_F(BreakerRules, NewThresholdsHoldFromTheNextResultOn) {
  const Error failure = lost();
  calls(5, &failure);
  options.minimum_calls = 6;
  breaker->configure(options);
  EXPECT_EQ(breaker->state(), BreakerState::kClosed);
  call(nullptr);
  EXPECT_EQ(breaker->state(), BreakerState::kOpen);
}

TEST_F(BreakerRules, ConnectsThatFailAreToldBeforeTheyOpenIt) {
  call(nullptr);
  EXPECT_EQ(breaker->status(now).connect_failures, 0);
  now += milliseconds(1);
  const Error failure = lost();
  breaker->report_connect(milliseconds(1), &failure, now);
  breaker->report_connect(milliseconds(1), &failure, now);
  EXPECT_EQ(breaker->state(), BreakerState::kClosed);
  EXPECT_EQ(breaker->status(now).connect_failures, 2);
  expect_says("2 connects failed in a row (5 open the breaker), the last: connection lost; ");
  now += options.window - milliseconds(1);
  EXPECT_EQ(breaker->status(now).connect_failures, 2);
  now += milliseconds(1);
  EXPECT_EQ(breaker->status(now).connect_failures, 0);
  expect_does_not_say("in a row");
}

TEST_F(BreakerRules, AConnectThatSucceedsIsTheEndOfTheTrouble) {
  now += milliseconds(1);
  const Error failure = lost();
  breaker->report_connect(milliseconds(1), &failure, now);
  EXPECT_EQ(breaker->status(now).connect_failures, 1);
  breaker->report_connect(milliseconds(1), nullptr, now);
  EXPECT_EQ(breaker->status(now).connect_failures, 0);
}

TEST_F(BreakerRules, ARefusalForRefusedCredentialsCarriesTheServersWord) {
  const Error rejection = wrong_password();
  now += milliseconds(1);
  breaker->report_connect(milliseconds(1), &rejection, now);
  ASSERT_TRUE(refused());
  EXPECT_EQ(breaker->acquire(now).error().sqlstate(), "28P01");
  breaker->force(BreakerState::kForcedOpen, {}, "maintenance", now);
  EXPECT_EQ(breaker->acquire(now).error().sqlstate(), "");
}

}  // namespace
}  // namespace sluice::breaker
