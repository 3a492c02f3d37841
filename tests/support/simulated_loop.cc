#include "support/simulated_loop.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace sluice::testing {
namespace {

// Nobody posts so much without time passing, unless two tasks post each other for ever.
constexpr int kEndless = 1'000'000;

/// Marks a loop as the one that runs, also when what runs throws.
class Running {
 public:
  explicit Running(bool& running) : running_(running), before_(std::exchange(running, true)) {}
  ~Running() { running_ = before_; }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

 private:
  bool& running_;
  const bool before_;
};

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
  for (int ran = 0; has_tasks(); ++ran) {
    if (ran > kEndless) throw std::logic_error("tasks post each other for ever");
    run_one_task();
  }
}

bool SimulatedLoop::has_tasks() const {
  std::lock_guard lock(mutex_);
  return !tasks_.empty();
}

void SimulatedLoop::run_one_task() {
  base::Task task;
  {
    std::lock_guard lock(mutex_);
    task = std::move(tasks_.front());
    tasks_.pop_front();
  }
  const Running running(running_);
  task();
  task = nullptr;  // whatever it owned ends on this loop, too
}

void SimulatedLoop::fire_due(base::TimePoint moment) {
  now_ = moment;
  const Running running(running_);
  timers_.fire_due(now_);
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
