#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::app {

/// Tells systemd, or whoever set NOTIFY_SOCKET, how the service does: sd_notify(3) in a few lines,
/// so that libsystemd is not needed. Does nothing where nobody listens. Thread-safe.
class ServiceManager {
 public:
  /// Looks at the environment: NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID.
  ServiceManager();

  void ready(std::string_view status) const;
  /// A reload begins; `ready` ends it.
  void reloading() const;
  void stopping() const;
  /// A sign of life.
  void alive() const;

  /// Within what time it wants a sign of life; empty: never.
  [[nodiscard]] std::optional<std::chrono::microseconds> patience() const { return patience_; }

 private:
  void send(std::string_view state) const;

  std::string socket_;
  std::optional<std::chrono::microseconds> patience_;
};

}  // namespace sluice::app
