#pragma once

#include <atomic>
#include <csignal>

namespace sluice::app::terminal {

/// While one of these lives, Ctrl-C and SIGTERM set a flag instead of ending the process, so that
/// what was changed can be put back. The second one ends it.
class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;

  [[nodiscard]] const std::atomic<bool>& flag() const;

 private:
  struct sigaction interrupt_before_ {};
  struct sigaction terminate_before_ {};
};

}  // namespace sluice::app::terminal
