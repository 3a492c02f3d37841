#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/event_loop.h"

namespace sluice::app {

/// Gives a sign of life as long as every worker does its work: on a thread of its own it posts a
/// task to each loop, and only when all have run it in the given interval the sign is given. A
/// worker that hangs therefore ends in silence, and the service manager restarts the process.
class Watchdog {
 public:
  Watchdog(std::vector<base::EventLoop*> workers, std::chrono::microseconds interval,
           std::function<void()> alive);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

 private:
  void watch();
  void ask_all();

  const std::vector<base::EventLoop*> workers_;
  const std::chrono::microseconds interval_;
  const std::function<void()> alive_;
  /// Tasks that have not run yet; shared with them, as they may outlive us.
  const std::shared_ptr<std::atomic<std::size_t>> unanswered_ =
      std::make_shared<std::atomic<std::size_t>>(0);
  std::mutex mutex_;
  std::condition_variable stopped_;
  bool stop_ = false;
  std::thread thread_;  ///< last: it uses everything above
};

}  // namespace sluice::app
