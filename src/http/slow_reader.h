#pragma once

#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace sluice::http {

/// Tells a client that reads slowly from one that has stopped. A slow one may take as long as it
/// likes; it is given up when it takes nothing for `stall`, or less than `bytes_per_second` on the
/// average of twice that time. Pure: it reads no clock.
class SlowReader {
 public:
  struct Limits {
    base::Duration stall;
    std::int64_t bytes_per_second = 0;  ///< 0: however slow
  };
  explicit SlowReader(const Limits& limits) : limits_(limits) {}

  /// It took so much, and something is left.
  void took(std::size_t bytes, base::TimePoint now);
  /// Nothing is left for it.
  void caught_up() { waiting_ = false; }

  /// When `given_up` should be asked next; the end of time while nothing is left.
  [[nodiscard]] base::TimePoint due() const;
  [[nodiscard]] bool given_up(base::TimePoint now);

 private:
  [[nodiscard]] base::Duration window() const { return 2 * limits_.stall; }
  void begin_window(base::TimePoint now);

  const Limits limits_;
  bool waiting_ = false;
  base::TimePoint stalls_at_{};
  base::TimePoint window_ends_{};
  std::int64_t taken_ = 0;  // in the window
};

}  // namespace sluice::http
