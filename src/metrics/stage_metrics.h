#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "sluice/stats.h"

namespace sluice::metrics {

/// Where the time of an answered query went; the same figures as in Server-Timing.
enum class Stage { kAuth, kQueue, kConnect, kDatabase, kEncode };
inline constexpr std::size_t kStages = 5;
[[nodiscard]] std::string_view to_string(Stage stage);

/// Counts the stages of one worker's queries. `record` is called by that worker only, and costs a
/// few instructions: the bounds are powers of four, 16 us … 17 s, so that the bucket comes from the
/// number of bits. `merge` reads from any thread meanwhile.
class StageMetrics {
 public:
  void record(Stage stage, std::chrono::microseconds took);

  /// The sums over several workers, by stage.
  [[nodiscard]] static std::vector<Histogram> merge(std::span<const StageMetrics* const> workers);

 private:
  static constexpr std::size_t kBuckets = 12;  // the last is above all bounds
  struct Counts {
    std::array<std::atomic<std::int64_t>, kBuckets> buckets{};
    std::atomic<std::int64_t> sum{0};
  };
  std::array<Counts, kStages> stages_;
};

}  // namespace sluice::metrics
