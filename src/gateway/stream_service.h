#pragma once

#include <memory>

#include "gateway/query_service.h"
#include "gateway/row_stream.h"

namespace sluice::gateway {

/// Runs single statements whose results are given on while they arrive.
class StreamService {
 public:
  StreamService(manager::Manager& manager, QueryWatch& watch, InFlight& in_flight)
      : manager_(manager), watch_(watch), in_flight_(in_flight) {}

  struct Running {
    std::shared_ptr<RowStream> stream;
    manager::CallHandle call;
  };
  /// The receiver is called on the order's loop, possibly before this returns if it is refused.
  Running run(QueryService::Order order, std::unique_ptr<json::StreamEncoder> encoder,
              std::shared_ptr<StreamReceiver> receiver);

 private:
  manager::Manager& manager_;
  QueryWatch& watch_;
  InFlight& in_flight_;
};

}  // namespace sluice::gateway
