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
  EXPECT_TRUE(health.has_value());
}

}  // namespace
}  // namespace sluice::manager
