#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "base/time.h"

namespace sluice::base {

class TimerQueue;

/// Calls a function once at a given moment. Belongs to one loop's thread, and must not outlive the
/// loop while armed. Destroying or disarming it guarantees that the function is not called.
class Timer {
 public:
  Timer(TimerQueue& queue, std::function<void()> on_time);
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  /// Sets the moment; replaces an earlier one. A moment in the past fires on the loop's next turn,
  /// never from inside this call.
  void arm(TimePoint at);
  void disarm();
  [[nodiscard]] bool armed() const { return index_ != kNotQueued; }
  [[nodiscard]] TimePoint at() const { return at_; }

 private:
  friend class TimerQueue;
  static constexpr std::size_t kNotQueued = static_cast<std::size_t>(-1);

  TimerQueue& queue_;
  std::function<void()> on_time_;
  TimePoint at_{};
  std::uint64_t order_ = 0;         // of arming, among timers of the same moment
  std::size_t index_ = kNotQueued;  // in the heap, or among those held back
  bool held_back_ = false;
};

/// The armed timers of one loop: a binary heap, so that arming and disarming cost O(log n) and
/// allocate nothing per timer. Not thread-safe.
class TimerQueue {
 public:
  TimerQueue() = default;
  TimerQueue(const TimerQueue&) = delete;
  TimerQueue& operator=(const TimerQueue&) = delete;

  /// When the next timer is due; empty when none is armed.
  [[nodiscard]] std::optional<TimePoint> next() const;
  /// Fires every timer that is due at `now`, earliest first, and in the order of arming where they
  /// are due together. Timers armed meanwhile wait for the next call, so that one turn of the loop
  /// always ends.
  void fire_due(TimePoint now);

 private:
  friend class Timer;
  void insert(Timer& timer);
  void remove(Timer& timer);
  void push(Timer& timer);
  [[nodiscard]] static bool earlier(const Timer& a, const Timer& b);
  void sift_up(std::size_t index);
  void sift_down(std::size_t index);
  void place(std::size_t index, Timer* timer);

  std::vector<Timer*> heap_;
  std::uint64_t next_order_ = 0;
  std::optional<TimePoint> firing_;  // set while timers of that moment are being fired
  std::vector<Timer*> held_back_;    // armed meanwhile, and due already
};

}  // namespace sluice::base
