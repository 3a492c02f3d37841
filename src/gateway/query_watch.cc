#include "gateway/query_watch.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/gather.h"

namespace sluice::gateway {
namespace {

using Figures = std::vector<StatementFigures>;

std::chrono::microseconds micros(base::Duration duration) {
  return std::chrono::duration_cast<std::chrono::microseconds>(duration);
}

/// Refusals say nothing of the statement: it was never run.
bool never_ran(const Error& error) {
  return error.outcome == Outcome::kNotStarted && error.code != ErrorCode::kSqlError;
}

/// Of a failure only the whole time is known.
StatementRun run_of(const QueryWatch::End& end) {
  if (end.result) return {false, end.result->rows, end.result->timings.database, end.now};
  return {true, 0, micros(end.now - end.began), end.now};
}

void add(StatementFigures& sum, const StatementFigures& one) {
  sum.calls += one.calls;
  sum.errors += one.errors;
  sum.rows += one.rows;
  sum.total += one.total;
  sum.max = std::max(sum.max, one.max);
  sum.last_used = std::max(sum.last_used, one.last_used);
}

double rank(const StatementFigures& one, StatementFilter::Order order) {
  switch (order) {
    case StatementFilter::Order::kTotal:
      return static_cast<double>(one.total.count());
    case StatementFilter::Order::kMean:
      return static_cast<double>(one.total.count()) / static_cast<double>(one.calls);
    case StatementFilter::Order::kCalls:
      return static_cast<double>(one.calls);
    case StatementFilter::Order::kErrors:
      return static_cast<double>(one.errors);
  }
  return 0;
}

}  // namespace

QueryWatch::QueryWatch(std::vector<base::EventLoop*> workers,
                       std::function<void(const SlowQuery&)> tell)
    : loops_(std::move(workers)), workers_(loops_), tell_(std::move(tell)) {}

QueryWatch::Watched QueryWatch::begin(std::string_view db_id, std::string_view sql,
                                      const manager::Origin* origin) {
  return {workers_.own()->table.find(db_id, sql), origin};
}

void QueryWatch::end(const Watched& watched, const End& end) {
  const Error* error = end.result ? nullptr : &end.result.error();
  if (error && never_ran(*error)) return;
  Worker& worker = *workers_.own();
  const auto run = run_of(end);
  const StatementFigures* figures = worker.table.record(watched.statement, run);
  if (worker.slow_after.count() == 0 || run.took < worker.slow_after) return;
  SlowQuery slow;
  slow.db_id = end.db_id;
  if (figures) slow.sql = figures->sql;
  slow.took = run.took;
  slow.timings = end.result ? end.result->timings : end.result.error().timings;
  slow.rows = run.rows;
  slow.error = error;
  slow.origin = watched.origin;
  tell_(slow);
}

void QueryWatch::set_slow_after(std::chrono::milliseconds time) {
  workers_.for_each([time](base::EventLoop& loop, Worker& worker) {
    loop.post([&worker, time] { worker.slow_after = time; });
  });
}

void QueryWatch::statements(const StatementFilter& filter, base::EventLoop& reply_to,
                            std::function<void(Figures)> done) const {
  base::gather<Figures>(
      loops_, reply_to, [this](std::size_t) { return workers_.own()->table.figures(); },
      [filter, done = std::move(done)](const std::vector<Figures>& of_workers) {
        done(merge_statements(of_workers, filter));
      });
}

Figures merge_statements(const std::vector<Figures>& of_workers, const StatementFilter& filter) {
  std::map<std::pair<std::string_view, std::string_view>, StatementFigures> sums;
  for (const Figures& figures : of_workers) {
    for (const StatementFigures& one : figures) {
      if (!filter.db_id.empty() && one.db_id != filter.db_id) continue;
      const auto [place, first] = sums.try_emplace({one.db_id, one.sql}, one);
      if (!first) add(place->second, one);
    }
  }
  Figures merged;
  merged.reserve(sums.size());
  for (auto& [key, sum] : sums) merged.push_back(std::move(sum));
  std::ranges::stable_sort(merged, [&](const auto& a, const auto& b) {
    return rank(a, filter.order) > rank(b, filter.order);
  });
  if (merged.size() > filter.limit) merged.resize(filter.limit);
  return merged;
}

}  // namespace sluice::gateway
