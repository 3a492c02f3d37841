#include "base/mailbox.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <iterator>
#include <system_error>
#include <utility>

namespace sluice::base {

Mailbox::Mailbox() : eventfd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (eventfd_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
}

Mailbox::~Mailbox() { ::close(eventfd_); }

// Under the lock: once it is open the loop may run the task, and end, and be destroyed.
void Mailbox::ring_if_asleep() {
  if (!tasks_.empty() || awake_.load(std::memory_order_relaxed)) return;
  ring();
}

void Mailbox::ring() const {
  const std::uint64_t one = 1;
  // Fails only after 2^64 - 2 rings: nobody reads them, as every one is an event for the watcher.
  [[maybe_unused]] const auto written = ::write(eventfd_, &one, sizeof one);
}

void Mailbox::post(Task task) {
  std::lock_guard lock(mutex_);
  ring_if_asleep();
  tasks_.push_back(std::move(task));
}

void Mailbox::post_all(std::vector<Task>& tasks) {
  {
    std::lock_guard lock(mutex_);
    ring_if_asleep();
    std::move(tasks.begin(), tasks.end(), std::back_inserter(tasks_));
  }
  tasks.clear();
}

void Mailbox::fall_asleep() {
  std::lock_guard lock(mutex_);
  awake_.store(false, std::memory_order_relaxed);
  if (!tasks_.empty()) ring();
}

bool Mailbox::collect() {
  std::lock_guard lock(mutex_);
  running_.swap(tasks_);
  return !running_.empty();
}

void Mailbox::run() {
  for (Task& task : running_) task();
  running_.clear();
}

void Mailbox::discard() {
  std::vector<Task> discarded;  // destroyed after the lock is gone: a task's end may post again
  std::lock_guard lock(mutex_);
  discarded.swap(tasks_);
}

}  // namespace sluice::base
