#pragma once

#include <functional>
#include <string>

#include "gateway/query_service.h"

namespace sluice::gateway {

/// Asks PostgreSQL how it would run a statement, or how it ran it. A statement that is analyzed
/// does run: in a transaction that is rolled back afterwards.
class ExplainService {
 public:
  ExplainService(manager::Manager& manager, QueryWatch& watch) : manager_(manager), watch_(watch) {}

  struct Order {
    std::string db_id;
    json::ExplainRequest request;
    base::EventLoop& loop;  ///< the request's worker, where `done` runs
    base::TimePoint received_at;
    const manager::Origin* origin = nullptr;  ///< lives until `done`
  };
  /// `done` runs exactly once, possibly before this returns. The handle cancels the statement.
  manager::CallHandle run(Order order, std::function<void(Result<QueryAnswer>)> done);

 private:
  struct Run;
  manager::CallHandle plan(const std::shared_ptr<Run>& run);
  manager::CallHandle analyze(const std::shared_ptr<Run>& run);

  manager::Manager& manager_;
  QueryWatch& watch_;
};

}  // namespace sluice::gateway
