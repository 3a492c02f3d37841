#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/time.h"
#include "sluice/stats.h"

namespace sluice::base {

/// Counts durations in the fixed bounds of `Histogram`, 0.5 ms … 30 s. Recording is a search among
/// fifteen numbers and two additions; nothing allocates. Not thread-safe.
class DurationCounts {
 public:
  void record(Duration value);
  void merge(const DurationCounts& other);
  [[nodiscard]] Histogram histogram() const;

 private:
  static constexpr std::size_t kBuckets = 16;  // one per bound, and what is above the last

  std::array<std::int64_t, kBuckets> buckets_{};
  Duration sum_{};
};

/// The same for numbers of rows: 1, 2, 5, … 10 000.
class RowCounts {
 public:
  void record(std::int64_t rows);
  void merge(const RowCounts& other);
  [[nodiscard]] RowHistogram histogram() const;

 private:
  static constexpr std::size_t kBuckets = 14;

  std::array<std::int64_t, kBuckets> buckets_{};
  std::int64_t sum_ = 0;
};

}  // namespace sluice::base
