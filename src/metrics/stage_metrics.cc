#include "metrics/stage_metrics.h"

#include <algorithm>
#include <bit>

namespace sluice::metrics {
namespace {

using std::chrono::microseconds;

/// Only the worker writes, so that no read-modify-write is needed.
void add(std::atomic<std::int64_t>& number, std::int64_t more) {
  number.store(number.load(std::memory_order_relaxed) + more, std::memory_order_relaxed);
}

constexpr std::int64_t kFirstBound = 16;  // us

constexpr std::int64_t bound(std::size_t bucket) { return kFirstBound << (2 * bucket); }

/// The first bucket whose bound is not below the value.
std::size_t bucket_of(std::int64_t micros, std::size_t last) {
  if (micros <= kFirstBound) return 0;
  const auto bits =
      static_cast<std::size_t>(std::bit_width(static_cast<std::uint64_t>(micros - 1)));
  return std::min((bits - 3) / 2, last);
}
static_assert(bound(0) == 16 && bound(1) == 64 && bound(10) == 16'777'216);

}  // namespace

std::string_view to_string(Stage stage) {
  constexpr std::array<std::string_view, kStages> kWords{"auth", "queue", "connect", "db",
                                                         "encode"};
  return kWords[static_cast<std::size_t>(stage)];
}

void StageMetrics::record(Stage stage, microseconds took) {
  Counts& counts = stages_[static_cast<std::size_t>(stage)];
  add(counts.buckets[bucket_of(took.count(), kBuckets - 1)], 1);
  add(counts.sum, took.count());
}

std::vector<Histogram> StageMetrics::merge(std::span<const StageMetrics* const> workers) {
  std::vector<Histogram> merged(kStages);
  for (std::size_t stage = 0; stage < kStages; ++stage) {
    Histogram& sum = merged[stage];
    for (std::size_t bucket = 0; bucket < kBuckets; ++bucket) {
      for (const StageMetrics* worker : workers) {
        sum.count += worker->stages_[stage].buckets[bucket].load(std::memory_order_relaxed);
      }
      if (bucket + 1 < kBuckets) sum.buckets.push_back({microseconds(bound(bucket)), sum.count});
    }
    for (const StageMetrics* worker : workers) {
      sum.sum += microseconds(worker->stages_[stage].sum.load(std::memory_order_relaxed));
    }
  }
  return merged;
}

}  // namespace sluice::metrics
