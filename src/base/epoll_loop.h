#pragma once

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include "base/event_loop.h"
#include "base/mailbox.h"

namespace sluice::base {

/// The real event loop, on an epoll descriptor of its own. It can run by itself (`run`), or inside
/// another poller that watches `fd()`: that one calls `begin_turn` when it is awake, and before it
/// waits again `run_ready` if the descriptor is readable, else `end_turn`.
/// What is posted in a turn to loops of the same family is handed over at the turn's end, so that
/// each of them is woken once.
class EpollLoop final : public EventLoop {
 public:
  /// Loops of one `family` (any address) are created, stopped and destroyed together; null: the
  /// loop has none. Throws std::system_error when the kernel refuses descriptors.
  explicit EpollLoop(const void* family = nullptr);
  ~EpollLoop() override;

  /// Readable whenever there is something to do, timers included.
  [[nodiscard]] int fd() const { return epoll_; }
  /// Makes the calling thread the loop's thread. `run` does it by itself.
  void adopt_current_thread();
  /// For the owner of an outer poller: its own events, too, belong to the turn.
  void begin_turn();
  /// Handles everything that is ready, once, without waiting, and ends the turn.
  void run_ready();
  /// Runs what was posted and what is due, hands over what was posted elsewhere, and gets ready to
  /// be waited for.
  void end_turn();
  /// Waits and handles until `stop`.
  void run();
  /// From any thread: makes `run` return after its current turn.
  void stop();
  /// Destroys waiting tasks unrun. For owners that end: tasks may hold what needs this loop to end
  /// well. Only after the loop's thread has ended.
  void discard_posted() { mailbox_.discard(); }

  [[nodiscard]] TimePoint now() const override { return now_; }
  [[nodiscard]] TimerQueue& timers() override { return timers_; }
  void post(Task task) override;
  [[nodiscard]] bool is_current() const override;
  void watch(int fd, Interest interest, FdWatcher& watcher) override;
  void rewatch(int fd, Interest interest) override;
  void unwatch(int fd) override;

  /// Reads the clock again.
  void refresh_now() { now_ = std::chrono::steady_clock::now(); }

 private:
  struct Watched {
    FdWatcher* watcher = nullptr;
    std::uint32_t generation = 0;  // tells an event of a closed descriptor from its successor's
  };

  /// What this turn has for another loop.
  struct Outgoing {
    EpollLoop* to;
    std::vector<Task> tasks;
  };

  void turn(int wait_ms);
  void arm_kernel_timer();
  void hand_over(EpollLoop& to, Task task);
  void control(int operation, int fd, Interest interest);
  void dispatch(int fd, std::uint32_t generation, std::uint32_t events);

  const int epoll_;
  const int timerfd_;
  const void* const family_;
  Mailbox mailbox_;
  std::vector<Outgoing> outgoing_;  // one for each loop that was ever posted to
  TimerQueue timers_;
  TimePoint now_ = std::chrono::steady_clock::now();
  TimePoint kernel_timer_at_ = TimePoint::max();
  std::vector<Watched> watched_;  // indexed by descriptor
  std::uint32_t next_generation_ = 1;
  std::atomic<std::thread::id> thread_{};
  std::atomic<bool> stopping_{false};
};

}  // namespace sluice::base
