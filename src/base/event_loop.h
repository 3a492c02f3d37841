#pragma once

#include <functional>

#include "base/time.h"
#include "base/timer.h"

namespace sluice::base {

/// Work for a loop. Must not throw: nobody could catch it, and the process would end.
using Task = std::function<void()>;

/// What a watched descriptor is waited for.
enum class Interest { kRead, kWrite, kReadWrite };

/// Owner of a watched descriptor. Both flags are set on errors and hang-ups, so that the owner's
/// next read or write meets the failure.
class FdWatcher {
 public:
  virtual ~FdWatcher() = default;
  virtual void on_ready(bool readable, bool writable) = 0;
};

/// One thread's events: descriptors, timers, and tasks posted by other threads. The real one is
/// EpollLoop; tests use SimulatedLoop, whose time only moves when told to.
/// Thread rule: `post` and `is_current` from any thread, everything else from the loop's own.
class EventLoop {
 public:
  virtual ~EventLoop() = default;

  /// The loop's time. Read once per turn, and again before posted tasks run: all that happens
  /// without waiting happens at the same moment.
  [[nodiscard]] virtual TimePoint now() const = 0;
  [[nodiscard]] virtual TimerQueue& timers() = 0;

  /// Runs the task on the loop's thread, in the order of posting; never from inside this call.
  /// Tasks that are still waiting when the loop is destroyed are destroyed unrun.
  virtual void post(Task task) = 0;
  /// Whether the calling thread is the one that runs the loop.
  [[nodiscard]] virtual bool is_current() const = 0;

  /// Level-triggered. The watcher must stay alive until `unwatch`; after that it hears nothing
  /// more, not even of an event that was already collected.
  virtual void watch(int fd, Interest interest, FdWatcher& watcher) = 0;
  virtual void rewatch(int fd, Interest interest) = 0;
  virtual void unwatch(int fd) = 0;
};

}  // namespace sluice::base
