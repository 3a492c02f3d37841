#pragma once

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include "base/event_loop.h"
#include "base/mailbox.h"

namespace sluice::base {

/// The real event loop, on an epoll descriptor of its own. It can run by itself (`run`), or inside
/// another poller that watches `fd()` and calls `run_ready` when it is readable.
class EpollLoop final : public EventLoop {
 public:
  EpollLoop();  ///< throws std::system_error when the kernel refuses descriptors
  ~EpollLoop() override;

  /// Readable whenever there is something to do, timers included.
  [[nodiscard]] int fd() const { return epoll_; }
  /// Makes the calling thread the loop's thread. `run` does it by itself.
  void adopt_current_thread();
  /// Handles everything that is ready, once, without waiting.
  void run_ready();
  /// Waits and handles until `stop`.
  void run();
  /// From any thread: makes `run` return after its current turn.
  void stop();
  /// Destroys waiting tasks unrun. For owners that end: tasks may hold what needs this loop to end
  /// well. Only after the loop's thread has ended.
  void discard_posted() { mailbox_.discard(); }

  [[nodiscard]] TimePoint now() const override { return now_; }
  [[nodiscard]] TimerQueue& timers() override { return timers_; }
  void post(Task task) override { mailbox_.post(std::move(task)); }
  [[nodiscard]] bool is_current() const override;
  void watch(int fd, Interest interest, FdWatcher& watcher) override;
  void rewatch(int fd, Interest interest) override;
  void unwatch(int fd) override;

  /// Reads the clock again. For owners of an outer poller, whose own events happen between turns.
  void refresh_now() { now_ = std::chrono::steady_clock::now(); }
  /// Arms the kernel timer for the next due timer. For owners of an outer poller, to be called
  /// after code of theirs may have armed timers; `run_ready` does it by itself.
  void arm_kernel_timer();

 private:
  struct Watched {
    FdWatcher* watcher = nullptr;
    std::uint32_t generation = 0;  // tells an event of a closed descriptor from its successor's
  };

  void turn(int wait_ms);
  void control(int operation, int fd, Interest interest);
  void dispatch(int fd, std::uint32_t generation, std::uint32_t events);

  const int epoll_;
  const int timerfd_;
  Mailbox mailbox_;
  TimerQueue timers_;
  TimePoint now_ = std::chrono::steady_clock::now();
  TimePoint kernel_timer_at_ = TimePoint::max();
  std::vector<Watched> watched_;  // indexed by descriptor
  std::uint32_t next_generation_ = 1;
  std::atomic<std::thread::id> thread_{};
  std::atomic<bool> stopping_{false};
};

}  // namespace sluice::base
