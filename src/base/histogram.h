#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/time.h"
#include "sluice/stats.h"

namespace sluice::base {

/// Counts latencies: since start in the fixed bounds of `Histogram`, and over about the last minute
/// in buckets of 12 % width, for percentiles. Recording costs a few nanoseconds and never
/// allocates. Not thread-safe.
class LatencyRecorder {
 public:
  void record(Duration value, TimePoint now);

  [[nodiscard]] Percentiles recent(TimePoint now) const;
  [[nodiscard]] Histogram total() const;
  /// How many values were recorded in the last `span` (at most a minute), to 1 s precision.
  [[nodiscard]] std::int64_t count_within(Duration span, TimePoint now) const;
  /// Adds what another recorder has seen, for databases with several shards.
  void merge(const LatencyRecorder& other);

 private:
  // H1 completes the private part.
};

}  // namespace sluice::base
