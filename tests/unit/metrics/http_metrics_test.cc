#include "metrics/http_metrics.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>

namespace sluice::metrics {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

std::int64_t cumulative(const Histogram& histogram, microseconds upper) {
  for (const HistogramBucket& bucket : histogram.buckets) {
    if (bucket.upper == upper) return bucket.cumulative;
  }
  return -1;
}

TEST(HttpMetrics, AddsUpWhatTheWorkersSaw) {
  HttpMetrics first;
  HttpMetrics second;
  first.record({"GET", "/livez", 200}, microseconds(100));
  second.record({"GET", "/livez", 200}, milliseconds(3));
  second.record({"GET", "/livez", 503}, milliseconds(3));
  const HttpMetrics* const workers[] = {&first, &second};
  const auto merged = HttpMetrics::merge(workers);
  ASSERT_EQ(merged.size(), 2U);
  EXPECT_EQ(merged[0].route, "/livez");
  EXPECT_EQ(merged[0].method, "GET");
  EXPECT_EQ(merged[0].status, 200);
  EXPECT_EQ(merged[0].duration.count, 2);
  EXPECT_EQ(merged[0].duration.sum, microseconds(3100));
  EXPECT_EQ(merged[1].status, 503);
  EXPECT_EQ(merged[1].duration.count, 1);
}

TEST(HttpMetrics, AValueOnABoundBelongsBelowIt) {
  HttpMetrics worker;
  for (const auto time : {microseconds(999), microseconds(1000), microseconds(1001)}) {
    worker.record({"GET", "/", 200}, time);
  }
  worker.record({"GET", "/", 200}, std::chrono::hours(1));
  const HttpMetrics* const workers[] = {&worker};
  const Histogram duration = HttpMetrics::merge(workers)[0].duration;
  EXPECT_EQ(cumulative(duration, microseconds(1000)), 2);
  EXPECT_EQ(cumulative(duration, microseconds(2500)), 3);
  EXPECT_EQ(cumulative(duration, std::chrono::seconds(10)), 3);
  EXPECT_EQ(duration.count, 4);
}

TEST(HttpMetrics, StaysBoundedWhateverItIsGiven) {
  HttpMetrics worker;
  for (int i = 0; i < 5'000; ++i) {
    worker.record({"GET", "/" + std::to_string(i), 200}, microseconds(1));
  }
  const HttpMetrics* const workers[] = {&worker};
  const auto merged = HttpMetrics::merge(workers);
  EXPECT_EQ(merged.size(), 1024U);
  std::int64_t total = 0;
  for (const HttpSeries& series : merged) {
    total += series.duration.count;
    if (series.route == "_OTHER") {
      EXPECT_EQ(series.duration.count, 5'000 - 1'023);
    }
  }
  EXPECT_EQ(total, 5'000);
}

TEST(HttpMetrics, MayBeReadWhileItCounts) {
  constexpr int kRecords = 20'000;
  HttpMetrics worker;
  std::atomic<bool> done{false};
  std::thread writer([&] {
    for (int i = 0; i < kRecords; ++i) {
      worker.record({"GET", "/route/" + std::to_string(i % 50), 200}, microseconds(i));
    }
    done = true;
  });
  const HttpMetrics* const workers[] = {&worker};
  std::int64_t last = 0;
  while (!done) {
    std::int64_t total = 0;
    for (const HttpSeries& series : HttpMetrics::merge(workers)) total += series.duration.count;
    EXPECT_GE(total, last);
    last = total;
  }
  writer.join();
  std::int64_t total = 0;
  for (const HttpSeries& series : HttpMetrics::merge(workers)) total += series.duration.count;
  EXPECT_EQ(total, kRecords);
}

}  // namespace
}  // namespace sluice::metrics
