#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/event_loop.h"
#include "gateway/in_flight.h"
#include "gateway/query_watch.h"
#include "gateway/row_stream.h"
#include "json/requests.h"
#include "manager/fan_out.h"
#include "manager/manager.h"

namespace sluice::gateway {

class FanOutLegs;

/// The encoded answer of a fan-out: 200 when all legs succeeded, 207 when some failed, 503 when all
/// did, or fewer succeeded than asked for.
struct FanOutAnswer {
  int status = 200;
  std::string body;
  ByteCharge charge;  ///< the memory of `body`
};

/// Runs the same statement over many databases and puts the answers together, or gives them on one
/// by one.
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

  struct Running {
    std::function<void()> cancel;
    std::function<void()> drained;  ///< the receiver takes more now
  };
  /// Each leg, as NDJSON, as soon as it has ended. The receiver may be called before this returns.
  Running stream(Order order, std::shared_ptr<StreamReceiver> receiver);

 private:
  std::function<void()> start(Order order, std::vector<std::string> db_ids,
                              std::shared_ptr<FanOutLegs> legs);

  manager::Manager& manager_;
  QueryWatch& watch_;
  InFlight& in_flight_;
};

}  // namespace sluice::gateway
