#pragma once

#include <memory>
#include <thread>
#include <vector>

#include "base/epoll_loop.h"

namespace sluice::library {

/// Event loops, each on a thread of its own.
class Workers {
 public:
  /// `count` 0: one per core. Throws std::system_error when the system refuses threads.
  explicit Workers(int count);
  ~Workers();  ///< stops
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  [[nodiscard]] std::vector<base::EventLoop*> loops() const;
  /// Ends the threads; tasks that still wait are destroyed unrun. No effect the second time.
  void stop();

 private:
  std::vector<std::unique_ptr<base::EpollLoop>> loops_;
  std::vector<std::thread> threads_;
};

}  // namespace sluice::library
