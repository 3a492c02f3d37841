#include "base/duration_counts.h"

#include <algorithm>
#include <chrono>

namespace sluice::base {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

// What OpenTelemetry advises for db.client.operation.duration, and some in between.
constexpr std::array<microseconds, 15> kTimes{
    microseconds(500), milliseconds(1),   microseconds(2500), milliseconds(5),
    milliseconds(10),  milliseconds(25),  milliseconds(50),   milliseconds(100),
    milliseconds(250), milliseconds(500), milliseconds(1000), milliseconds(2500),
    seconds(5),        seconds(10),       seconds(30)};
// What it advises for db.client.response.returned_rows.
constexpr std::array<std::int64_t, 13> kRows{1,   2,   5,     10,    20,    50,    100,
                                             200, 500, 1'000, 2'000, 5'000, 10'000};

template <typename Bounds, typename Value>
std::size_t bucket_of(const Bounds& bounds, Value value) {
  return static_cast<std::size_t>(std::lower_bound(bounds.begin(), bounds.end(), value) -
                                  bounds.begin());
}

template <typename Buckets>
void add(Buckets& mine, const Buckets& theirs) {
  for (std::size_t i = 0; i < mine.size(); ++i) mine[i] += theirs[i];
}

/// Fills in the buckets and the count of a histogram.
template <typename Shape, typename Bounds, typename Buckets>
void accumulate(Shape& shape, const Bounds& bounds, const Buckets& buckets) {
  shape.buckets.reserve(bounds.size());
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    shape.count += buckets[i];
    shape.buckets.push_back({bounds[i], shape.count});
  }
  shape.count += buckets.back();
}

}  // namespace

void DurationCounts::record(Duration value) {
  value = std::max(value, Duration::zero());
  ++buckets_[bucket_of(kTimes, value)];
  sum_ += value;
}

void DurationCounts::merge(const DurationCounts& other) {
  add(buckets_, other.buckets_);
  sum_ += other.sum_;
}

Histogram DurationCounts::histogram() const {
  static_assert(kBuckets == kTimes.size() + 1);
  Histogram histogram;
  accumulate(histogram, kTimes, buckets_);
  histogram.sum = std::chrono::duration_cast<microseconds>(sum_);
  return histogram;
}

void RowCounts::record(std::int64_t rows) {
  ++buckets_[bucket_of(kRows, rows)];
  sum_ += rows;
}

void RowCounts::merge(const RowCounts& other) {
  add(buckets_, other.buckets_);
  sum_ += other.sum_;
}

RowHistogram RowCounts::histogram() const {
  static_assert(kBuckets == kRows.size() + 1);
  RowHistogram histogram;
  accumulate(histogram, kRows, buckets_);
  histogram.sum = sum_;
  return histogram;
}

}  // namespace sluice::base
