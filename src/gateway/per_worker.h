#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "base/event_loop.h"

namespace sluice::gateway {

/// One value for each worker, touched by that worker alone, so that the hot path shares nothing.
template <typename T>
class PerWorker {
 public:
  explicit PerWorker(const std::vector<base::EventLoop*>& loops) {
    workers_.reserve(loops.size());
    for (base::EventLoop* loop : loops) workers_.push_back({loop, std::make_unique<T>()});
  }

  /// The calling worker's own. Null on any other thread.
  [[nodiscard]] T* own() const {
    for (const auto& worker : workers_) {
      if (worker.loop->is_current()) return worker.value.get();
    }
    return nullptr;
  }

  /// Every value, for what is made for reading from anywhere or before the workers run.
  template <typename Visit>
  void for_each(Visit visit) const {
    for (const auto& worker : workers_) visit(*worker.loop, *worker.value);
  }

 private:
  struct Worker {
    base::EventLoop* loop;
    std::unique_ptr<T> value;
  };
  std::vector<Worker> workers_;
};

}  // namespace sluice::gateway
