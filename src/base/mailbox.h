#pragma once

#include <atomic>
#include <mutex>
#include <vector>

#include "base/event_loop.h"

namespace sluice::base {

/// How other threads hand tasks to a loop: a locked vector, and an eventfd that is written only
/// when the loop is asleep and nobody has woken it yet. A loop that is busy takes its mail in every
/// turn and costs the sender no system call.
class Mailbox {
 public:
  Mailbox();  ///< throws std::system_error when no eventfd can be had
  ~Mailbox();
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;

  /// From any thread.
  void post(Task task);
  /// As `post` for each of them, with one lock and at most one wake-up; leaves `tasks` empty.
  void post_all(std::vector<Task>& tasks);

  /// Becomes readable when a sleeping loop has mail. To be watched edge-triggered: nobody reads it.
  [[nodiscard]] int fd() const { return eventfd_; }
  /// The loop's thread: it will look for mail before it sleeps again.
  void wake_up() { awake_.store(true, std::memory_order_relaxed); }
  /// The loop's thread: it is about to wait for `fd`, which is made readable if there is mail.
  void fall_asleep();

  /// Takes in what was posted so far; says whether there was anything.
  [[nodiscard]] bool collect();
  /// Runs what was collected.
  void run();
  /// Destroys what was posted so far, unrun.
  void discard();

 private:
  void ring_if_asleep();
  void ring() const;

  const int eventfd_;
  std::mutex mutex_;
  std::vector<Task> tasks_;
  std::vector<Task> running_;  // kept, so that a steady flow allocates nothing
  /// Becomes false under the lock only, when the loop has seen that there is no mail. A sender that
  /// has missed that it became true rings once too often.
  std::atomic<bool> awake_{false};
};

}  // namespace sluice::base
