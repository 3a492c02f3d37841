#pragma once

#include <algorithm>
#include <chrono>

#include "base/random.h"
#include "base/time.h"

namespace sluice::pool {

/// What decides how many connections a pool should open.
struct RefillNeed {
  int waiters = 0;     ///< that no connection is on its way to
  int live = 0;        ///< connections that are open and not on their way out
  int closing = 0;     ///< slots that are not free yet
  int connecting = 0;  ///< connects under way
  int min_size = 0;
  int max_size = 0;
  int max_overflow = 0;
};

/// Paces the opening of connections: how many at once (1, 2, 4, … while they succeed, 1 after a
/// failure), and when again after a failure (100 ms doubling to 10 s, with full jitter, so that
/// many pools do not storm a database that comes back). Pure: it reads no clock and starts no
/// timer.
class Refill {
 public:
  static constexpr std::chrono::milliseconds kFirstBackOff{100};
  static constexpr std::chrono::milliseconds kLongestBackOff{10'000};
  static constexpr int kWidestRamp = 1'024;

  explicit Refill(base::Random& random) : random_(random) {}

  /// How many connections are wanted, those under way included:
  /// min(waiters + missing min, max - total).
  [[nodiscard]] static int wanted(const RefillNeed& need);
  /// How many more connects to start now, back-off aside.
  [[nodiscard]] int to_start(const RefillNeed& need) const;

  void succeeded();
  /// A failure of a connect that began before the back-off did is part of the same trouble and does
  /// not lengthen it.
  void failed(base::TimePoint began, base::TimePoint now);
  /// Forgets the trouble: what failed has been replaced.
  void forgive();
  /// One at a time again, as after a long rest.
  void start_slowly() { ramp_ = 1; }

  [[nodiscard]] int ramp() const { return ramp_; }
  [[nodiscard]] bool backing_off(base::TimePoint now) const { return now < retry_at_; }
  [[nodiscard]] base::TimePoint retry_at() const { return retry_at_; }

 private:
  base::Random& random_;
  int ramp_ = 1;
  base::Duration next_back_off_ = kFirstBackOff;
  base::TimePoint backing_off_since_ = base::TimePoint::min();
  base::TimePoint retry_at_ = base::TimePoint::min();
};

}  // namespace sluice::pool
