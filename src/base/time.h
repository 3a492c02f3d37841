#pragma once

#include <algorithm>
#include <chrono>

namespace sluice::base {

/// Monotonic time, for everything that measures or waits. Only an EventLoop reads the clock.
using TimePoint = std::chrono::steady_clock::time_point;
using Duration = std::chrono::steady_clock::duration;

/// The moment by which something must have ended. Made once, at the edge, and passed by value.
class Deadline {
 public:
  explicit Deadline(TimePoint at) : at_(at) {}
  static Deadline after(TimePoint now, Duration patience) { return Deadline(now + patience); }

  [[nodiscard]] TimePoint at() const { return at_; }
  [[nodiscard]] bool expired(TimePoint now) const { return now >= at_; }
  /// What is left; zero once expired.
  [[nodiscard]] Duration remaining(TimePoint now) const {
    return std::max(at_ - now, Duration::zero());
  }
  [[nodiscard]] Deadline sooner(Deadline other) const { return at_ < other.at_ ? *this : other; }

 private:
  TimePoint at_;
};

}  // namespace sluice::base
