#pragma once

#include <cstdint>
#include <vector>

#include "base/time.h"

namespace sluice::breaker {

/// What happened within some time.
struct Counts {
  std::int64_t calls = 0;     ///< successes and failures
  std::int64_t failures = 0;  ///< of those
  std::int64_t timed = 0;     ///< connects and pings that succeeded
  std::int64_t slow = 0;      ///< of those
};

/// Counts over a sliding window, in buckets of one second: a window of 10 s is the second that is
/// running and the nine before it. Windows of more than a minute have sixty longer buckets. Memory
/// is taken with the first count. The span is given with each call: it may change at any time.
class Window {
 public:
  /// The counts of the running bucket, to be added to. Forgets what has left the window.
  [[nodiscard]] Counts& current(base::TimePoint now, base::Duration span);
  [[nodiscard]] Counts sum(base::TimePoint now, base::Duration span) const;
  void clear() { buckets_.clear(); }

 private:
  struct Bucket {
    std::int64_t first_second;  // since the clock's start
    Counts counts;
  };
  std::vector<Bucket> buckets_;  // oldest first
};

}  // namespace sluice::breaker
