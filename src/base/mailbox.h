#pragma once

#include <mutex>
#include <vector>

#include "base/event_loop.h"

namespace sluice::base {

/// How other threads hand tasks to a loop: a locked vector and an eventfd that is written only when
/// the vector was empty, so that a busy loop is woken once per batch.
class Mailbox {
 public:
  Mailbox();  ///< throws std::system_error when no eventfd can be had
  ~Mailbox();
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;

  /// From any thread.
  void post(Task task);
  /// Readable when tasks wait.
  [[nodiscard]] int fd() const { return eventfd_; }
  /// Runs what was posted so far. Tasks posted meanwhile wait for the next call.
  void run();
  /// Destroys what was posted so far, unrun.
  void discard();

 private:
  const int eventfd_;
  std::mutex mutex_;
  std::vector<Task> tasks_;
  std::vector<Task> running_;  // kept, so that a steady flow allocates nothing
};

}  // namespace sluice::base
