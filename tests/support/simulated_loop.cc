#include "support/simulated_loop.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace sluice::testing {
namespace {

// Nobody posts so much without time passing, unless two tasks post each other for ever.
constexpr int kEndless = 1'000'000;

}  // namespace

void SimulatedLoop::advance(base::Duration span) { advance_to(now_ + span); }

void SimulatedLoop::advance_to(base::TimePoint moment) {
  if (moment < now_) throw std::logic_error("a simulated loop cannot go back in time");
  run_posted();
  for (auto next = timers_.next(); next && *next <= moment; next = timers_.next()) {
    now_ = std::max(now_, *next);
    run_posted();
  }
  now_ = moment;
}

void SimulatedLoop::run_posted() {
  int rounds = 0;
  run_tasks();
  for (auto next = timers_.next(); next && *next <= now_; next = timers_.next()) {
    if (++rounds > kEndless) throw std::logic_error("a timer arms itself for now, for ever");
    timers_.fire_due(now_);
    run_tasks();
  }
}

void SimulatedLoop::run_tasks() {
  for (int ran = 0;; ++ran) {
    if (ran > kEndless) throw std::logic_error("tasks post each other for ever");
    base::Task task;
    {
      std::lock_guard lock(mutex_);
      if (tasks_.empty()) return;
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    task();
  }
}

void SimulatedLoop::post(base::Task task) {
  std::lock_guard lock(mutex_);
  tasks_.push_back(std::move(task));
}

void SimulatedLoop::watch(int fd, base::Interest interest, base::FdWatcher& watcher) {
  if (!watched_.emplace(fd, Watched{interest, &watcher}).second) {
    throw std::logic_error("the descriptor is watched already");
  }
}

void SimulatedLoop::rewatch(int fd, base::Interest interest) {
  watched_.at(fd).interest = interest;
}

void SimulatedLoop::unwatch(int fd) { watched_.erase(fd); }

bool SimulatedLoop::make_ready(int fd, bool readable, bool writable) {
  const auto found = watched_.find(fd);
  if (found == watched_.end()) return false;
  const auto [interest, watcher] = found->second;
  readable = readable && interest != base::Interest::kWrite;
  writable = writable && interest != base::Interest::kRead;
  if (!readable && !writable) return false;
  watcher->on_ready(readable, writable);
  return true;
}

}  // namespace sluice::testing
