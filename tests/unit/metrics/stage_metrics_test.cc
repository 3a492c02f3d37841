#include "metrics/stage_metrics.h"

#include <gtest/gtest.h>

namespace sluice::metrics {
namespace {

using std::chrono::microseconds;

Histogram recorded(std::initializer_list<std::int64_t> values) {
  StageMetrics worker;
  for (const std::int64_t value : values) worker.record(Stage::kEncode, microseconds(value));
  const StageMetrics* const workers[] = {&worker};
  return StageMetrics::merge(workers)[static_cast<std::size_t>(Stage::kEncode)];
}

TEST(StageMetrics, AValueOnABoundBelongsBelowIt) {
  for (std::int64_t bound = 16; bound <= 16'777'216; bound *= 4) {
    const Histogram histogram = recorded({bound, bound + 1});
    for (const HistogramBucket& bucket : histogram.buckets) {
      const int expected = bucket.upper < microseconds(bound)    ? 0
                           : bucket.upper == microseconds(bound) ? 1
                                                                 : 2;
      EXPECT_EQ(bucket.cumulative, expected) << bound << " in " << bucket.upper.count();
    }
    EXPECT_EQ(histogram.count, 2);
    EXPECT_EQ(histogram.sum.count(), 2 * bound + 1);
  }
}

TEST(StageMetrics, TakesWhatIsOutOfAllBounds) {
  const Histogram histogram = recorded({0, -1, 1, 100'000'000'000});
  EXPECT_EQ(histogram.buckets.front().cumulative, 3);
  EXPECT_EQ(histogram.buckets.back().cumulative, 3);
  EXPECT_EQ(histogram.count, 4);
}

TEST(StageMetrics, AddsUpTheWorkers) {
  StageMetrics first;
  StageMetrics second;
  first.record(Stage::kAuth, microseconds(5));
  second.record(Stage::kAuth, microseconds(7));
  second.record(Stage::kQueue, microseconds(9));
  const StageMetrics* const workers[] = {&first, &second};
  const auto merged = StageMetrics::merge(workers);
  ASSERT_EQ(merged.size(), kStages);
  EXPECT_EQ(merged[0].count, 2);
  EXPECT_EQ(merged[0].sum, microseconds(12));
  EXPECT_EQ(merged[1].count, 1);
  EXPECT_EQ(to_string(Stage::kQueue), "queue");
}

}  // namespace
}  // namespace sluice::metrics
