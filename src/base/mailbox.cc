#include "base/mailbox.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>

namespace sluice::base {

Mailbox::Mailbox() : eventfd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (eventfd_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
}

Mailbox::~Mailbox() { ::close(eventfd_); }

void Mailbox::post(Task task) {
  bool was_empty = false;
  {
    std::lock_guard lock(mutex_);
    was_empty = tasks_.empty();
    tasks_.push_back(std::move(task));
  }
  if (!was_empty) return;
  const std::uint64_t one = 1;
  // Cannot fail: the counter is drained before the tasks are taken, so it never overflows.
  [[maybe_unused]] const auto written = ::write(eventfd_, &one, sizeof one);
}

void Mailbox::run() {
  std::uint64_t count = 0;
  // Drained before the tasks are taken: a post in between leaves the descriptor readable.
  [[maybe_unused]] const auto got = ::read(eventfd_, &count, sizeof count);
  {
    std::lock_guard lock(mutex_);
    running_.swap(tasks_);
  }
  for (Task& task : running_) task();
  running_.clear();
}

void Mailbox::discard() {
  std::vector<Task> discarded;  // destroyed after the lock is gone: a task's end may post again
  std::lock_guard lock(mutex_);
  discarded.swap(tasks_);
}

}  // namespace sluice::base
