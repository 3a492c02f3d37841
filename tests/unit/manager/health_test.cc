#include "manager_fixture.h"

namespace sluice::manager {
namespace {

DatabaseStats database(BreakerState state, bool required = false) {
  DatabaseStats stats;
  stats.db_id = "x";
  stats.breaker.state = state;
  stats.breaker.explanation = "why";
  stats.options.required = required;
  return stats;
}

TEST(Health, IsHealthyWithoutDatabasesAndWhenAllAreUp) {
  EXPECT_EQ(judge_health({}).verdict, Health::Verdict::kHealthy);
  const auto health =
      judge_health({database(BreakerState::kClosed), database(BreakerState::kHalfOpen)});
  EXPECT_EQ(health.verdict, Health::Verdict::kHealthy);
}

TEST(Health, IsDegradedWhenSomeDatabaseIsDown) {
  const auto health =
      judge_health({database(BreakerState::kClosed), database(BreakerState::kOpen)});
  EXPECT_EQ(health.verdict, Health::Verdict::kDegraded);
  EXPECT_EQ(health.databases[1].status, "why");
}

TEST(Health, IsUnhealthyWhenNoneIsUsableOrARequiredOneIsDown) {
  EXPECT_EQ(judge_health({database(BreakerState::kForcedOpen)}).verdict,
            Health::Verdict::kUnhealthy);
  EXPECT_EQ(
      judge_health({database(BreakerState::kClosed), database(BreakerState::kOpen, true)}).verdict,
      Health::Verdict::kUnhealthy);
}

TEST(Health, WarnsOverNinetyPercentUtilization) {
  auto busy = database(BreakerState::kClosed);
  busy.options.pool.max_size = 10;
  busy.pool.used = 9;
  EXPECT_TRUE(judge_health({busy}).databases[0].warnings.empty());
  busy.pool.used = 10;
  EXPECT_EQ(judge_health({busy}).databases[0].warnings.size(), 1u);
}

TEST(Health, AProbeWithoutAFreeConnectionIsAWarningAndNoVerdict) {
  Error busy;
  busy.code = ErrorCode::kAcquireTimeout;
  busy.fault = Fault::kOverload;
  busy.message = "all are busy";
  const auto health = judge_health({database(BreakerState::kClosed)}, {{"x", busy}});
  EXPECT_EQ(health.verdict, Health::Verdict::kHealthy);
  EXPECT_EQ(health.databases[0].warnings,
            std::vector<std::string>{"the probe failed: all are busy"});
}

class ProbedHealth : public ManagerTest {};

TEST_F(ProbedHealth, TriesEveryDatabaseNow) {
  register_orders();
  std::optional<Health> health;
  manager.health(true, &loop, [&health](Health judged) { health = std::move(judged); });
  loop.run_posted();
  ASSERT_TRUE(health.has_value());
  EXPECT_EQ(orders().log(), std::vector<std::string>{"SELECT 1"});
  EXPECT_TRUE(health->databases[0].checked_ago.has_value());
}

TEST_F(ProbedHealth, ADatabaseThatDoesNotAnswerIsDownBeforeItsBreakerOpens) {
  register_orders();
  orders().connects.always(Answer::fails(testing::refused_connection()));
  std::optional<Health> health;
  manager.health(true, &loop, [&health](Health judged) { health = std::move(judged); });
  loop.run_posted();
  ASSERT_TRUE(health.has_value());
  EXPECT_FALSE(health->databases[0].healthy);
  EXPECT_NE(health->databases[0].status.find("refused"), std::string::npos);
  EXPECT_EQ(health->verdict, Health::Verdict::kUnhealthy);
}

TEST_F(ProbedHealth, EndsAfterFiveSecondsWhateverADatabaseDoes) {
  register_orders();
  orders().statement("SELECT 1").always(Answer::never());
  orders().cancels.always(Answer::never());
  std::optional<Health> health;
  manager.health(true, &loop, [&health](Health judged) { health = std::move(judged); });
  loop.advance(4'999ms);
  EXPECT_FALSE(health.has_value());
  loop.advance(1ms);
  loop.run_posted();
  ASSERT_TRUE(health.has_value());
  EXPECT_FALSE(health->databases[0].healthy);
}

TEST_F(ProbedHealth, ADatabaseThatCannotBeConnectedToIsDownAtOnce) {
  register_orders();
  orders().connects.always(Answer::fails(testing::refused_connection()));
  call("SELECT 1");
  loop.run_posted();
  EXPECT_EQ(stats().breaker.state, BreakerState::kClosed);
  std::optional<Health> health;
  manager.health(false, &loop, [&health](Health judged) { health = std::move(judged); });
  loop.run_posted();
  ASSERT_TRUE(health.has_value());
  EXPECT_FALSE(health->databases[0].healthy);
  EXPECT_NE(health->databases[0].status.find("refused"), std::string::npos);
}

}  // namespace
}  // namespace sluice::manager
