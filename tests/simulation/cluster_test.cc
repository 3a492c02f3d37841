// Lives of databases with several hosts, drawn from seeds; see README.md.
#include <gtest/gtest.h>

#include <cstdio>

#include "simulation/cluster_world.h"
#include "simulation/experiment.h"
#include "support/sanitized.h"
#include "support/seeds.h"

namespace sluice::simulation {
namespace {

void tell(const Met& met) {
  const auto number = [](std::int64_t value) { return static_cast<long long>(value); };
  std::printf(
      "%lld lives of %lld virtual hours: %lld writes acknowledged, %lld with a lost answer, %lld "
      "calls succeeded; %lld promotions, %lld rogues\n",
      number(met.scenarios), number(met.virtual_seconds / 3'600), number(met.acknowledged),
      number(met.lost_answers), number(met.succeeded), number(met.promotions), number(met.rogues));
}

/// A simulation in which nothing happens finds nothing.
void expect_much_was_met(const Met& met) {
  for (const auto code :
       {ErrorCode::kDatabaseUnavailable, ErrorCode::kBreakerOpen, ErrorCode::kQueueFull,
        ErrorCode::kAcquireTimeout, ErrorCode::kQueryTimeout, ErrorCode::kCancelled}) {
    EXPECT_GT(met.failures(code), met.scenarios / 20) << to_string(code);
  }
  EXPECT_GT(met.virtual_seconds / 3'600, met.scenarios / 10);
  EXPECT_GT(met.acknowledged, met.scenarios * 20);
  EXPECT_GT(met.lost_answers, met.scenarios / 2);
  EXPECT_GT(met.replica_reads, met.scenarios * 10);
  EXPECT_GT(met.promotions, met.scenarios / 4);
  EXPECT_GT(met.rogues, met.scenarios / 100);
  EXPECT_GT(met.refused_writes, met.scenarios / 20);
  EXPECT_GT(met.waited, met.scenarios / 4);
}

TEST(ClusterSimulation, KeepsEveryPromiseInEveryLife) {
  const auto seeds = testing::seeds_to_run(testing::kSanitized ? 60 : 300);
  Experiment<ClusterWorld> lives;
  const auto failed = lives.first_failure(seeds.first, seeds.count);
  ASSERT_FALSE(failed) << lives.report(*failed, "ClusterSimulation.*");
  tell(lives.met());
  if (seeds.usual) expect_much_was_met(lives.met());
}

}  // namespace
}  // namespace sluice::simulation
