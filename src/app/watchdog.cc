#include "app/watchdog.h"

#include <utility>

namespace sluice::app {

Watchdog::Watchdog(std::vector<base::EventLoop*> workers, std::chrono::microseconds interval,
                   std::function<void()> alive)
    : workers_(std::move(workers)),
      interval_(interval),
      alive_(std::move(alive)),
      thread_([this] { watch(); }) {}

Watchdog::~Watchdog() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  stopped_.notify_all();
  thread_.join();
}

void Watchdog::ask_all() {
  *unanswered_ = workers_.size();
  for (base::EventLoop* worker : workers_) {
    worker->post([unanswered = unanswered_] { --*unanswered; });
  }
}

void Watchdog::watch() {
  ask_all();
  std::unique_lock lock(mutex_);
  while (!stopped_.wait_for(lock, interval_, [this] { return stop_; })) {
    if (*unanswered_ > 0) continue;
    alive_();
    ask_all();
  }
}

}  // namespace sluice::app
