#pragma once

#include <functional>
#include <string>
#include <utility>

#include "base/event_loop.h"
#include "sluice/result.h"

namespace sluice::gateway {

/// The demo's chaos button: passes on what is to happen to one of the demo's databases. The gateway
/// has no power over them; the demo's own process does it (scripts/chaos.py), which listens on a
/// Unix socket. Thread-safe.
class Chaos {
 public:
  /// `socket`: its path; empty everywhere but in the demo.
  explicit Chaos(std::string socket) : socket_(std::move(socket)) {}

  [[nodiscard]] bool available() const { return !socket_.empty(); }
  /// `done` gets what happens now, in words; on the loop, on whose thread this is called.
  void order(const std::string& db_id, const std::string& action, base::EventLoop& loop,
             std::function<void(Result<std::string>)> done) const;

 private:
  const std::string socket_;
};

}  // namespace sluice::gateway
