#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

namespace sluice::app::bench {

using Nanoseconds = std::chrono::nanoseconds;

/// Counts times in buckets of at most 1.6 % width, from a nanosecond to hours.
class Latencies {
 public:
  Latencies();

  void add(Nanoseconds time, std::int64_t times = 1);
  void merge(const Latencies& other);

  [[nodiscard]] std::int64_t count() const { return count_; }
  [[nodiscard]] Nanoseconds max() const { return max_; }
  [[nodiscard]] Nanoseconds min() const { return count_ == 0 ? Nanoseconds(0) : min_; }
  [[nodiscard]] Nanoseconds mean() const;
  /// The time that this share (0 to 1) of all stayed within.
  [[nodiscard]] Nanoseconds percentile(double share) const;
  [[nodiscard]] std::int64_t count_within(Nanoseconds bound) const;

  /// What would have been measured without coordinated omission: somebody who waits for a slow
  /// answer sends nothing meanwhile, and so does not measure what the others would have waited.
  /// For each time beyond the expected interval between requests, those that were left out are
  /// added (Gil Tene's correction, as in HdrHistogram).
  [[nodiscard]] Latencies corrected(Nanoseconds expected_interval) const;

 private:
  std::vector<std::int64_t> buckets_;
  std::int64_t count_ = 0;
  double sum_ = 0;
  Nanoseconds max_{0};
  Nanoseconds min_{Nanoseconds::max()};
};

}  // namespace sluice::app::bench
