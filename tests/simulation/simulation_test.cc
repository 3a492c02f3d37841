// Thousands of lives of a manager, drawn from seeds; see README.md.
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdio>

#include "simulation/experiment.h"
#include "simulation/world.h"
#include "support/sanitized.h"
#include "support/seeds.h"

namespace sluice::simulation {
namespace {

void tell(const Met& met) {
  std::int64_t failed = 0;
  for (const auto count : met.failed) failed += count;
  std::printf(
      "%lld lives: %lld calls succeeded, %lld failed; %lld connects, %lld leases; breakers "
      "opened %lld times, and recovered %lld times\n",
      static_cast<long long>(met.scenarios), static_cast<long long>(met.succeeded),
      static_cast<long long>(failed), static_cast<long long>(met.connected),
      static_cast<long long>(met.lent), static_cast<long long>(met.opened),
      static_cast<long long>(met.recovered));
}

/// A simulation in which nothing happens finds nothing.
void expect_much_was_met(const Met& met) {
  for (const auto code :
       {ErrorCode::kUnknownDatabase, ErrorCode::kConnectionRejected,
        ErrorCode::kDatabaseUnavailable, ErrorCode::kBreakerOpen, ErrorCode::kQueueFull,
        ErrorCode::kAcquireTimeout, ErrorCode::kPaused, ErrorCode::kDraining, ErrorCode::kSqlError,
        ErrorCode::kQueryTimeout, ErrorCode::kCancelled}) {
    EXPECT_GT(met.failures(code), met.scenarios / 20) << to_string(code);
  }
  EXPECT_GT(met.succeeded, met.scenarios * 5);
  EXPECT_GT(met.cut, met.scenarios);
  EXPECT_GT(met.repeated, met.scenarios / 50);
  EXPECT_GT(met.connected, met.scenarios);
  EXPECT_GT(met.not_connected, met.scenarios / 20);
  EXPECT_GT(met.lent, met.scenarios / 4);
  EXPECT_GT(met.opened, met.scenarios / 4);
  EXPECT_GT(met.recovered, met.scenarios / 10);
  EXPECT_GT(met.drained, met.scenarios / 10);
  EXPECT_GT(met.paused, met.scenarios);
  EXPECT_GT(met.in_session, met.scenarios / 10);
  EXPECT_GT(met.shed, met.scenarios / 50);
  EXPECT_GT(met.pushed_out, met.scenarios / 50);
  EXPECT_GT(met.limit_cuts, met.scenarios / 50);
}

TEST(Simulation, KeepsEveryPromiseInEveryLife) {
  const auto seeds = testing::seeds_to_run(testing::kSanitized ? 1'000 : 3'000);
  Experiment<World> lives;
  const auto failed = lives.first_failure(seeds.first, seeds.count);
  ASSERT_FALSE(failed) << lives.report(*failed, "Simulation.*");
  tell(lives.met());
  if (seeds.usual) expect_much_was_met(lives.met());
}

}  // namespace
}  // namespace sluice::simulation
