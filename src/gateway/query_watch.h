#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/event_loop.h"
#include "gateway/per_worker.h"
#include "gateway/statement_table.h"
#include "manager/live_call.h"
#include "sluice/query.h"
#include "sluice/result.h"

namespace sluice::gateway {

/// A statement that took longer than log.slow_query_ms, for the log. Views, valid during the call.
struct SlowQuery {
  std::string_view db_id;
  std::string_view sql;  ///< without its literals
  std::chrono::microseconds took{0};
  Timings timings;
  std::int64_t rows = 0;
  const Error* error = nullptr;  ///< null: it ended well
  const manager::Origin* origin = nullptr;
};

/// Which statements, and in what order.
struct StatementFilter {
  enum class Order { kTotal, kMean, kCalls, kErrors };
  std::string db_id;  ///< empty: all
  Order order = Order::kTotal;
  std::size_t limit = 50;
};

/// Keeps the figures of every statement and tells of slow ones: each worker by itself, without a
/// lock. What is asked for is gathered from all.
class QueryWatch {
 public:
  /// `tell` is called on workers' threads.
  QueryWatch(std::vector<base::EventLoop*> workers, std::function<void(const SlowQuery&)> tell);

  /// A statement that is under way.
  struct Watched {
    std::uint64_t statement = 0;
    const manager::Origin* origin = nullptr;
  };
  /// How it ended; `began` is when its caller began to wait.
  struct End {
    std::string_view db_id;
    const Result<Completion>& result;
    base::TimePoint began;
    base::TimePoint now;
  };
  /// Both on a worker's thread, the same for one statement.
  [[nodiscard]] Watched begin(std::string_view db_id, std::string_view sql,
                              const manager::Origin* origin);
  void end(const Watched& watched, const End& end);

  /// Zero: none is slow. From any thread.
  void set_slow_after(std::chrono::milliseconds time);
  void statements(const StatementFilter& filter, base::EventLoop& reply_to,
                  std::function<void(std::vector<StatementFigures>)> done) const;

 private:
  struct Worker {
    StatementTable table;
    std::chrono::microseconds slow_after{0};
  };
  const std::vector<base::EventLoop*> loops_;
  PerWorker<Worker> workers_;
  const std::function<void(const SlowQuery&)> tell_;
};

/// Adds up what several workers know of the same statements, and takes what is wanted. Pure.
[[nodiscard]] std::vector<StatementFigures> merge_statements(
    const std::vector<std::vector<StatementFigures>>& of_workers, const StatementFilter& filter);

}  // namespace sluice::gateway
