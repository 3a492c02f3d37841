#include "gateway/outcomes.h"

#include <gtest/gtest.h>

namespace sluice::gateway {
namespace {

TEST(Outcomes, EveryCallIsSortedIntoExactlyOne) {
  DatabaseStats stats;
  stats.queries = 100;
  stats.errors = 16;
  stats.errors_by_sqlstate = {
      {"42601", 1}, {"23505", 2},        {"57014", 3}, {"08006", 1},
      {"53300", 1}, {"57P01", 1},        {"XX000", 1}, {"database_unavailable", 2},
      {"other", 1}, {"query_timeout", 3}};
  stats.refused = {{"breaker_open", 5},    {"queue_full", 6}, {"paused", 7},
                   {"acquire_timeout", 8}, {"cancelled", 9},  {"connection_rejected", 10}};
  const Outcomes outcomes = outcomes_of(stats);
  EXPECT_EQ(outcomes.ok, 84);
  EXPECT_EQ(outcomes.failed, 1 + 1 + 1 + 1 + 2 + 10);
  EXPECT_EQ(outcomes.timeout, 3 + 3 + 8);
  EXPECT_EQ(outcomes.rejected, 5 + 6 + 7);
  EXPECT_EQ(outcomes.bad_request, 1 + 2 + 1 + 9);
  EXPECT_EQ(outcomes.all(), 84 + 16 + 5 + 6 + 7 + 8 + 9 + 10);
}

TEST(Outcomes, CountsThatWentBackGiveNothing) {
  const Outcomes before{.ok = 10, .failed = 2};
  const Outcomes now{.ok = 4, .failed = 5};
  EXPECT_EQ((now - before).ok, 0);
  EXPECT_EQ((now - before).failed, 3);
}

}  // namespace
}  // namespace sluice::gateway
