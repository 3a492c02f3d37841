#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "base/event_loop.h"
#include "manager/manager.h"

namespace sluice::gateway {

/// What PostgreSQL says of itself: connections to the database and its size, as JSON. Asked for at
/// most once in 10 s per database. Thread-safe.
class ServerView {
 public:
  explicit ServerView(manager::Manager& manager) : manager_(manager) {}

  void fetch(std::string db_id, base::EventLoop& loop,
             std::function<void(Result<std::string>)> done);

 private:
  struct Cached {
    std::string json;
    base::TimePoint at;
  };

  manager::Manager& manager_;
  std::mutex mutex_;
  std::map<std::string, Cached> cache_;
};

}  // namespace sluice::gateway
