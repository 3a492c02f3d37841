#include "gateway/history.h"

#include <algorithm>
#include <limits>

namespace sluice::gateway {
namespace {

constexpr std::chrono::minutes kIdleAfter{1};

Condition condition_of(BreakerState state) {
  switch (state) {
    case BreakerState::kClosed:
      return Condition::kClosed;
    case BreakerState::kOpen:
      return Condition::kOpen;
    case BreakerState::kHalfOpen:
      return Condition::kHalfOpen;
    case BreakerState::kForcedOpen:
      return Condition::kForcedOpen;
    case BreakerState::kForcedClosed:
      return Condition::kForcedClosed;
    case BreakerState::kObserveOnly:
      return Condition::kObserveOnly;
  }
  return Condition::kUnknown;
}

std::uint16_t small(int count) {
  return static_cast<std::uint16_t>(
      std::clamp<int>(count, 0, std::numeric_limits<std::uint16_t>::max()));
}

std::uint32_t micros(std::chrono::microseconds time) {
  return static_cast<std::uint32_t>(
      std::clamp<std::int64_t>(time.count(), 0, std::numeric_limits<std::uint32_t>::max()));
}

float per_second(std::int64_t count, double seconds) {
  return static_cast<float>(static_cast<double>(count) / seconds);
}

void add_rates(Point& sum, const Point& point) {
  sum.ok += point.ok;
  sum.failed += point.failed;
  sum.timeout += point.timeout;
  sum.rejected += point.rejected;
  sum.bad_request += point.bad_request;
}

Point with_mean_rates(Point sum, int count) {
  const auto n = static_cast<float>(std::max(count, 1));
  for (float* rate : {&sum.ok, &sum.failed, &sum.timeout, &sum.rejected, &sum.bad_request}) {
    *rate /= n;
  }
  return sum;
}

/// A minute keeps the worst of its seconds, and the last percentiles, which are over a minute.
void fold(Point& minute, const Point& second) {
  add_rates(minute, second);
  minute.p50_us = second.p50_us;
  minute.p95_us = second.p95_us;
  minute.p99_us = second.p99_us;
  minute.used = std::max(minute.used, second.used);
  minute.waiting = std::max(minute.waiting, second.waiting);
  minute.idle = second.idle;
  minute.max_size = second.max_size;
  minute.condition = std::max(minute.condition, second.condition);
}

}  // namespace

std::string_view to_string(Condition condition) {
  constexpr std::array<std::string_view, 10> kWords{
      "unknown", "idle",     "closed",    "observe_only", "forced_closed",
      "paused",  "draining", "half_open", "forced_open",  "open"};
  return kWords[static_cast<std::size_t>(condition)];
}

Condition condition_of(const DatabaseStats& stats, std::chrono::system_clock::time_point now) {
  if (stats.state == DatabaseState::kPaused) return Condition::kPaused;
  if (stats.state == DatabaseState::kDraining) return Condition::kDraining;
  const Condition condition = condition_of(stats.breaker.state);
  if (condition != Condition::kClosed) return condition;
  const bool quiet = !stats.last_used || now - *stats.last_used > kIdleAfter;
  return quiet ? Condition::kIdle : Condition::kClosed;
}

Point point_of(const DatabaseStats& stats, const Outcomes& ended, double seconds,
               Condition condition) {
  Point point;
  point.ok = per_second(ended.ok, seconds);
  point.failed = per_second(ended.failed, seconds);
  point.timeout = per_second(ended.timeout, seconds);
  point.rejected = per_second(ended.rejected, seconds);
  point.bad_request = per_second(ended.bad_request, seconds);
  point.p50_us = micros(stats.query_time.p50);
  point.p95_us = micros(stats.query_time.p95);
  point.p99_us = micros(stats.query_time.p99);
  point.used = small(stats.pool.used);
  point.idle = small(stats.pool.idle);
  point.max_size = small(stats.options.pool.max_size);
  point.waiting = small(stats.pool.waiting);
  point.condition = condition;
  return point;
}

void add_to_total(Point& total, const Point& database) {
  add_rates(total, database);
  total.p50_us = std::max(total.p50_us, database.p50_us);
  total.p95_us = std::max(total.p95_us, database.p95_us);
  total.p99_us = std::max(total.p99_us, database.p99_us);
  total.used = small(total.used + database.used);
  total.idle = small(total.idle + database.idle);
  total.max_size = small(total.max_size + database.max_size);
  total.waiting = small(total.waiting + database.waiting);
  total.condition = std::max(total.condition, database.condition);
}

Point& Ring::slot(std::int64_t number) {
  return points_[static_cast<std::size_t>(number) % points_.size()];
}

void Ring::put(std::int64_t number, const Point& point) {
  const auto capacity = static_cast<std::int64_t>(points_.size());
  if (end_ == 0) first_ = number;
  const auto skipped_from = std::max(end_ == 0 ? number : end_, number - capacity + 1);
  for (std::int64_t skipped = skipped_from; skipped < number; ++skipped) slot(skipped) = {};
  slot(number) = point;
  end_ = number + 1;
  first_ = std::max(first_, end_ - capacity);
}

const Point& Ring::at(std::int64_t number) const {
  static const Point kNothing;
  if (number < first_ || number >= end_) return kNothing;
  return points_[static_cast<std::size_t>(number) % points_.size()];
}

std::pair<std::int64_t, std::int64_t> Ring::span() const { return {first_, end_}; }

void History::record(std::int64_t second, const Point& point) {
  seconds_.put(second, point);
  if (second / 60 != minute_) {
    minute_ = second / 60;
    seen_ = 0;
    sum_ = {};
  }
  ++seen_;
  fold(sum_, point);
  minutes_.put(minute_, with_mean_rates(sum_, seen_));
}

Point History::recent(std::int64_t second, int count) const {
  Point sum;
  int known = 0;
  for (std::int64_t number = second - count + 1; number <= second; ++number) {
    if (!seconds_.at(number).known()) continue;
    add_rates(sum, seconds_.at(number));
    ++known;
  }
  return with_mean_rates(sum, known);
}

std::vector<Stretch> stretches(const Ring& ring) {
  std::vector<Stretch> found;
  const auto [first, end] = ring.span();
  for (std::int64_t number = first; number < end; ++number) {
    const Condition condition = ring.at(number).condition;
    if (found.empty() || found.back().condition != condition) found.push_back({number, condition});
  }
  return found;
}

}  // namespace sluice::gateway
