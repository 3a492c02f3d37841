#include "app/bench/latencies.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace sluice::app::bench {
namespace {

constexpr int kSubBits = 6;  // 64 buckets in each power of two
constexpr std::uint64_t kSub = 1U << kSubBits;
constexpr std::size_t kBuckets = 45 * kSub;

/// Exact below 128; then the power of two, and the six bits after the first.
std::size_t bucket_of(Nanoseconds time) {
  const auto value = static_cast<std::uint64_t>(std::max<std::int64_t>(0, time.count()));
  const int shift = std::max(0, static_cast<int>(std::bit_width(value)) - kSubBits - 1);
  const auto bucket = static_cast<std::size_t>(shift) * kSub + (value >> shift);
  return std::min(bucket, kBuckets - 1);
}

/// The highest value of a bucket.
Nanoseconds top_of(std::size_t bucket) {
  if (bucket < 2 * kSub) return Nanoseconds(static_cast<std::int64_t>(bucket));
  const auto shift = static_cast<int>(bucket / kSub) - 1;
  const std::uint64_t mantissa = bucket - static_cast<std::uint64_t>(shift) * kSub;
  return Nanoseconds(static_cast<std::int64_t>(((mantissa + 1) << shift) - 1));
}

}  // namespace

Latencies::Latencies() : buckets_(kBuckets) {}

void Latencies::add(Nanoseconds time, std::int64_t times) {
  buckets_[bucket_of(time)] += times;
  count_ += times;
  sum_ += static_cast<double>(time.count()) * static_cast<double>(times);
  max_ = std::max(max_, time);
  min_ = std::min(min_, time);
}

void Latencies::merge(const Latencies& other) {
  for (std::size_t i = 0; i < kBuckets; ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  sum_ += other.sum_;
  max_ = std::max(max_, other.max_);
  min_ = std::min(min_, other.min_);
}

Nanoseconds Latencies::mean() const {
  return count_ == 0 ? Nanoseconds(0)
                     : Nanoseconds(std::llround(sum_ / static_cast<double>(count_)));
}

Nanoseconds Latencies::percentile(double share) const {
  const auto rank = static_cast<std::int64_t>(std::ceil(share * static_cast<double>(count_)));
  std::int64_t seen = 0;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    seen += buckets_[i];
    if (seen > 0 && seen >= rank) return std::min(top_of(i), max_);
  }
  return max_;
}

std::int64_t Latencies::count_within(Nanoseconds bound) const {
  if (bound >= max_) return count_;
  std::int64_t seen = 0;
  for (std::size_t i = 0; i < kBuckets && top_of(i) <= bound; ++i) seen += buckets_[i];
  return seen;
}

Latencies Latencies::corrected(Nanoseconds expected_interval) const {
  Latencies result = *this;
  if (expected_interval.count() <= 0) return result;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    if (buckets_[i] == 0) continue;
    Nanoseconds omitted = std::min(top_of(i), max_) - expected_interval;
    for (; omitted >= expected_interval; omitted -= expected_interval) {
      result.add(omitted, buckets_[i]);
    }
  }
  return result;
}

}  // namespace sluice::app::bench
