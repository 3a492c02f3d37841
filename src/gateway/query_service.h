#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>

#include "base/event_loop.h"
#include "gateway/in_flight.h"
#include "gateway/query_watch.h"
#include "json/requests.h"
#include "manager/manager.h"

namespace sluice::gateway {

/// What the result cache had to do with an answer.
struct CacheUse {
  enum class How {
    kHit,     ///< it was there
    kMiss,    ///< it was not
    kStale,   ///< one that was there was too old
    kShared,  ///< it was being made for another
  };
  How how = How::kMiss;
  std::chrono::microseconds age{0};
  base::Duration ttl{0};  ///< what is left of its life
};

/// An encoded answer, and where its time went.
struct QueryAnswer {
  std::string body;
  Timings timings;
  std::chrono::microseconds encode{0};  ///< finishing the document; rows are encoded as they arrive
  ByteCharge charge;                    ///< the memory of `body`
  bool cut = false;                     ///< a limit has left out rows
  /// Of `body`, from the beginning: what is the same whenever the same result is given.
  std::size_t stable_bytes = 0;
  std::optional<CacheUse> cache;
};

/// Runs single statements and encodes their results.
class QueryService {
 public:
  QueryService(manager::Manager& manager, QueryWatch& watch, InFlight& in_flight)
      : manager_(manager), watch_(watch), in_flight_(in_flight) {}

  struct Order {
    std::string db_id;
    json::QueryRequest request;
    base::EventLoop& loop;  ///< the request's worker, where `done` runs
    base::TimePoint received_at;
    const manager::Origin* origin = nullptr;  ///< lives until `done`
    bool trace_comment = false;               ///< the origin's trace goes along as a comment
    std::shared_ptr<manager::SessionUse> session = nullptr;  ///< the one that it runs in
  };
  /// `done` runs exactly once, possibly before this returns. The handle cancels the statement.
  manager::CallHandle run(Order order, std::function<void(Result<QueryAnswer>)> done);

 private:
  manager::Manager& manager_;
  QueryWatch& watch_;
  InFlight& in_flight_;
};

}  // namespace sluice::gateway
