#pragma once

#include <deque>
#include <map>
#include <mutex>
#include <thread>

#include "base/event_loop.h"

namespace sluice::testing {

/// An event loop whose time stands still until a test moves it, so that a test of timers is exact
/// and takes no time. It belongs to the thread that made it; `post` may come from any thread.
class SimulatedLoop final : public base::EventLoop {
 public:
  /// Several loops on one thread stand for several workers: each is current only while it runs
  /// something.
  enum class Role { kAlone, kOneOfSeveral };

  explicit SimulatedLoop(Role role = Role::kAlone) : role_(role) {}
  SimulatedLoop(const SimulatedLoop&) = delete;
  SimulatedLoop& operator=(const SimulatedLoop&) = delete;

  /// Lets time pass. Every timer fires at its own moment, earliest first, and posted tasks run
  /// before and after each. `now()` is the moment of whatever runs.
  void advance(base::Duration span);
  /// Like `advance`, up to a moment; none in the past.
  void advance_to(base::TimePoint moment);
  /// Runs posted tasks until none is left, and timers that are due already. Time stands still.
  void run_posted();

  // For loops that take turns:
  [[nodiscard]] bool has_tasks() const;
  /// Runs the task that was posted first.
  void run_one_task();
  /// Moves the clock to that moment and fires the timers that are due.
  void fire_due(base::TimePoint moment);
  /// Moves the clock, and runs nothing.
  void set_now(base::TimePoint moment) { now_ = moment; }

  [[nodiscard]] base::TimePoint now() const override { return now_; }
  [[nodiscard]] base::TimerQueue& timers() override { return timers_; }
  void post(base::Task task) override;
  [[nodiscard]] bool is_current() const override {
    return role_ == Role::kAlone ? thread_ == std::this_thread::get_id() : running_;
  }

  void watch(int fd, base::Interest interest, base::FdWatcher& watcher) override;
  void rewatch(int fd, base::Interest interest) override;
  void unwatch(int fd) override;

  /// Tells the watcher of a descriptor, at once, that it is ready, as far as it is interested.
  /// False when nobody watches it, or nobody is interested.
  bool make_ready(int fd, bool readable, bool writable);
  [[nodiscard]] bool watching(int fd) const { return watched_.contains(fd); }
  [[nodiscard]] base::Interest interest(int fd) const { return watched_.at(fd).interest; }

 private:
  struct Watched {
    base::Interest interest;
    base::FdWatcher* watcher;
  };

  void run_tasks();

  const Role role_;
  bool running_ = false;
  const std::thread::id thread_ = std::this_thread::get_id();
  base::TimePoint now_{std::chrono::hours(1'000)};  // far from zero, so that "a day ago" exists
  base::TimerQueue timers_;
  std::map<int, Watched> watched_;
  mutable std::mutex mutex_;
  std::deque<base::Task> tasks_;
};

}  // namespace sluice::testing
