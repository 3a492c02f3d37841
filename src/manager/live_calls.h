#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/event_loop.h"
#include "manager/live_call.h"
#include "manager/registry.h"

namespace sluice::manager {

/// What is queued and running, everywhere. Costs a call nothing: each worker is asked to look at
/// its own shards. Any thread; answers come on `reply_to`.
class LiveCalls {
 public:
  LiveCalls(const Registry& registry, std::vector<base::EventLoop*> loops)
      : registry_(registry), loops_(std::move(loops)) {}

  /// Of one database, or of all (`db_id` empty); the oldest first.
  void list(const std::string& db_id, base::EventLoop& reply_to,
            std::function<void(std::vector<LiveCall>)> done) const;
  /// Cancels the call of that id; `done` gets what it was, or nothing when it is over.
  void cancel(std::string_view id, const std::string& actor, base::EventLoop& reply_to,
              std::function<void(std::optional<LiveCall>)> done) const;

 private:
  const Registry& registry_;
  const std::vector<base::EventLoop*> loops_;
};

}  // namespace sluice::manager
