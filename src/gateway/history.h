#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/outcomes.h"
#include "sluice/stats.h"

namespace sluice::gateway {

/// What a database was doing, by how much it deserves to be looked at: of two, the later matters.
enum class Condition : std::uint8_t {
  kUnknown,  ///< nobody looked: before the start, or the process was stopped
  kIdle,     ///< no call for a minute
  kClosed,   ///< serving
  kObserveOnly,
  kForcedClosed,
  kPaused,
  kDraining,
  kHalfOpen,
  kForcedOpen,
  kOpen,
};
/// The word for a condition: "idle", "closed", "half_open", …
[[nodiscard]] std::string_view to_string(Condition condition);
[[nodiscard]] Condition condition_of(const DatabaseStats& stats,
                                     std::chrono::system_clock::time_point now);

/// One database in one second or one minute, in 44 bytes.
struct Point {
  float ok = 0;  ///< calls per second, as the next four
  float failed = 0;
  float timeout = 0;
  float rejected = 0;
  float bad_request = 0;
  std::uint32_t p50_us = 0;  ///< over the minute before; 0: nothing was measured
  std::uint32_t p95_us = 0;
  std::uint32_t p99_us = 0;
  std::uint16_t used = 0;
  std::uint16_t idle = 0;
  std::uint16_t max_size = 0;
  std::uint16_t waiting = 0;
  Condition condition = Condition::kUnknown;

  [[nodiscard]] bool known() const { return condition != Condition::kUnknown; }
};
/// What the figures say of a second in which these calls ended.
[[nodiscard]] Point point_of(const DatabaseStats& stats, const Outcomes& ended, double seconds,
                             Condition condition);
/// Adds a database to the sum over all: rates and connections add up, the worst latency counts.
void add_to_total(Point& total, const Point& database);

/// The last `capacity` points, by number; numbers that were skipped are unknown.
class Ring {
 public:
  explicit Ring(std::size_t capacity) : points_(capacity) {}

  /// `number` must not go back.
  void put(std::int64_t number, const Point& point);
  [[nodiscard]] const Point& at(std::int64_t number) const;
  /// The numbers that are kept: first, and one past the last. None before the first `put`.
  [[nodiscard]] std::pair<std::int64_t, std::int64_t> span() const;

 private:
  [[nodiscard]] Point& slot(std::int64_t number);

  std::vector<Point> points_;
  std::int64_t first_ = 0;
  std::int64_t end_ = 0;
};

/// A stretch of time in one condition.
struct Stretch {
  std::int64_t from;  ///< number of its first point
  Condition condition;
};

/// 15 minutes by the second and 24 hours by the minute of one database: 103 KB, all taken at once.
/// Seconds are counted from the gateway's start. One thread.
class History {
 public:
  static constexpr std::size_t kSeconds = 900;
  static constexpr std::size_t kMinutes = 1'440;

  /// `second` must grow.
  void record(std::int64_t second, const Point& point);

  [[nodiscard]] const Ring& seconds() const { return seconds_; }
  [[nodiscard]] const Ring& minutes() const { return minutes_; }
  /// Mean rates over the last `count` seconds up to `second`.
  [[nodiscard]] Point recent(std::int64_t second, int count) const;

 private:
  Ring seconds_{kSeconds};
  Ring minutes_{kMinutes};
  std::int64_t minute_ = -1;  // being filled
  int seen_ = 0;              // seconds of it
  Point sum_;                 // of its rates; the rest is as it will be kept
};

/// A ring's points as stretches, oldest first.
[[nodiscard]] std::vector<Stretch> stretches(const Ring& ring);

}  // namespace sluice::gateway
