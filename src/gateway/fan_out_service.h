#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/event_loop.h"
#include "gateway/in_flight.h"
#include "gateway/query_watch.h"
#include "json/requests.h"
#include "manager/fan_out.h"
#include "manager/manager.h"

namespace sluice::gateway {

/// The encoded answer of a fan-out: 200 when all legs succeeded, 207 when some failed, 503 when all
/// did, or fewer succeeded than asked for.
struct FanOutAnswer {
  int status = 200;
  std::string body;
  ByteCharge charge;  ///< the memory of `body`
};

/// Runs the same statement over many databases and puts the answers together.
class FanOutService {
 public:
  FanOutService(manager::Manager& manager, QueryWatch& watch, InFlight& in_flight)
      : manager_(manager), watch_(watch), in_flight_(in_flight) {}

  struct Order {
    json::FanOutRequest request;
    base::EventLoop& loop;  ///< the request's worker, where everything runs
    base::TimePoint received_at;
    const manager::Origin* origin = nullptr;  ///< lives until `done`
    bool trace_comment = false;               ///< the origin's trace goes along as a comment
  };
  /// Returns a function that cancels every leg. `done` runs exactly once, possibly before this
  /// returns.
  std::function<void()> run(Order order, std::function<void(Result<FanOutAnswer>)> done);

 private:
  manager::Manager& manager_;
  QueryWatch& watch_;
  InFlight& in_flight_;
};

}  // namespace sluice::gateway
