#include "app/slow_query_log.h"

#include <chrono>

namespace sluice::app {
namespace {

double in_ms(std::chrono::microseconds time) { return static_cast<double>(time.count()) / 1000; }

}  // namespace

void log_slow_query(Log& log, const gateway::SlowQuery& slow) {
  static constexpr manager::Origin kNobody;
  const manager::Origin& origin = slow.origin ? *slow.origin : kNobody;
  log.always(LogLevel::kInfo, "slow query",
             {{"db_id", slow.db_id},
              {"duration_ms", in_ms(slow.took)},
              {"queue_ms", in_ms(slow.timings.queue)},
              {"rows", slow.rows},
              {"error", slow.error ? to_string(slow.error->code) : ""},
              {"request_id", origin.request_id},
              {"trace_id", manager::trace_id(origin.traceparent)},
              {"actor", origin.actor},
              {"client", origin.client},
              {"sql", slow.sql}});
}

}  // namespace sluice::app
