#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/event_loop.h"
#include "gateway/in_flight.h"
#include "gateway/query_service.h"
#include "gateway/query_watch.h"
#include "json/requests.h"
#include "manager/manager.h"

namespace sluice::gateway {

/// The encoded results of all statements, or why there are none.
struct TransactionAnswer {
  Result<QueryAnswer> result;
  int failing_index = -1;  ///< of the statement that the error is about, from 0; -1: of none
};

/// Runs several statements as one transaction and encodes their results.
class TransactionService {
 public:
  TransactionService(manager::Manager& manager, QueryWatch& watch, InFlight& in_flight)
      : manager_(manager), watch_(watch), in_flight_(in_flight) {}

  struct Order {
    std::string db_id;
    json::TransactionRequest request;
    base::EventLoop& loop;  ///< the request's worker, where `done` runs
    base::TimePoint received_at;
    const manager::Origin* origin = nullptr;  ///< lives until `done`
    bool trace_comment = false;               ///< the origin's trace goes along as a comment
  };
  /// `done` runs exactly once, possibly before this returns. The handle cancels the transaction.
  manager::CallHandle run(Order order, std::function<void(TransactionAnswer)> done);

 private:
  manager::Manager& manager_;
  QueryWatch& watch_;
  InFlight& in_flight_;
};

}  // namespace sluice::gateway
