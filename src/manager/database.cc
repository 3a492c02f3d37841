#include "manager/database.h"

#include <algorithm>

namespace sluice::manager {
namespace {

constexpr std::chrono::seconds kRateSpan{10};
constexpr std::chrono::seconds kMinute{60};

int part(int whole, int index, int count) {
  return whole / count + (index < whole % count ? 1 : 0);
}

int severity(BreakerState state) {
  switch (state) {
    case BreakerState::kForcedOpen:
      return 5;
    case BreakerState::kOpen:
      return 4;
    case BreakerState::kHalfOpen:
      return 3;
    case BreakerState::kObserveOnly:
      return 2;
    case BreakerState::kForcedClosed:
      return 1;
    case BreakerState::kClosed:
      return 0;
  }
  return 0;
}

void add_limits(PoolStats& sum, const PoolStats& one) {
  sum.refused_late += one.refused_late;
  sum.shed += one.shed;
  sum.pushed_out += one.pushed_out;
  sum.overloaded |= one.overloaded;
  sum.clients_waiting = std::max(sum.clients_waiting, one.clients_waiting);
  sum.service_time = std::max(sum.service_time, one.service_time);
  sum.lendable += one.lendable;
  sum.adaptive_limit += one.adaptive_limit;
  sum.limit_cuts += one.limit_cuts;
  if (sum.limit_reason.empty()) sum.limit_reason = one.limit_reason;
  sum.best_size += one.best_size;
  if (sum.sizing_reason.empty()) sum.sizing_reason = one.sizing_reason;
}

void add(PoolStats& sum, const PoolStats& one) {
  sum.idle += one.idle;
  sum.used += one.used;
  sum.connecting += one.connecting;
  sum.cleaning += one.cleaning;
  sum.overflow += one.overflow;
  sum.waiting += one.waiting;
  sum.oldest_wait = std::max(sum.oldest_wait, one.oldest_wait);
  sum.connections_created += one.connections_created;
  for (const auto& [reason, count] : one.connections_closed)
    sum.connections_closed[reason] += count;
  sum.connect_errors += one.connect_errors;
  sum.acquired += one.acquired;
  sum.released += one.released;
  sum.withheld |= one.withheld;
  sum.acquire_timeouts += one.acquire_timeouts;
  add_limits(sum, one);
}

/// The state of the shard that is worst off; totals of all, which therefore never decrease.
void add(BreakerStatus& sum, const BreakerStatus& one) {
  const BreakerStatus before = sum;
  if (severity(one.state) > severity(sum.state) || sum.explanation.empty()) sum = one;
  sum.opened_count = before.opened_count + one.opened_count;
  sum.rejected = before.rejected + one.rejected;
  sum.succeeded = before.succeeded + one.succeeded;
  sum.failed = before.failed + one.failed;
  sum.not_counted = before.not_counted + one.not_counted;
}

void add(SessionStats& sum, const SessionStats& one) {
  sum.open += one.open;
  sum.running += one.running;
  sum.in_transaction += one.in_transaction;
  sum.opened += one.opened;
  for (const auto& [reason, count] : one.ended) sum.ended[reason] += count;
}

void add(DatabaseStats& sum, const ShardStats& one) {
  add(sum.pool, one.pool);
  add(sum.breaker, one.breaker);
  if (one.state != DatabaseState::kActive) sum.state = one.state;
  if (!one.server_version.empty()) sum.server_version = one.server_version;
  sum.queries += one.queries;
  sum.errors += one.errors;
  sum.rows += one.rows;
  for (const auto& [code, count] : one.refused) sum.refused[code] += count;
  add(sum.sessions, one.sessions);
  sum.streams.running += one.streams.running;
  sum.streams.paused += one.streams.paused;
  for (const auto& [code, count] : one.errors_by_sqlstate) sum.errors_by_sqlstate[code] += count;
  if (one.checked_ago) {
    const auto ago = std::chrono::duration_cast<std::chrono::milliseconds>(*one.checked_ago);
    if (sum.checked_ago.count() < 0 || ago < sum.checked_ago) {
      sum.checked_ago = ago;
      sum.response_time = std::chrono::duration_cast<std::chrono::microseconds>(one.response_time);
    }
  }
}

void add_latencies(DatabaseStats& sum, const std::vector<ShardStats>& shards) {
  const auto now = shards.front().now;
  base::LatencyRecorder acquire;
  base::LatencyRecorder query;
  base::DurationCounts connect;
  std::int64_t recent_errors = 0;
  for (const ShardStats& shard : shards) {
    acquire.merge(shard.acquire_time);
    query.merge(shard.query_time);
    connect.merge(shard.connect_time);
    recent_errors += shard.recent_errors;
  }
  sum.acquire_time = acquire.recent(now);
  sum.query_time = query.recent(now);
  sum.acquire_histogram = acquire.total();
  sum.query_histogram = query.total();
  sum.connect_histogram = connect.histogram();
  if (sum.acquire_histogram.count > 0) {
    sum.average_acquire_time = sum.acquire_histogram.sum / sum.acquire_histogram.count;
  }
  sum.queries_per_second = static_cast<double>(query.count_within(kRateSpan, now)) /
                           static_cast<double>(kRateSpan.count());
  const auto recent = query.count_within(kMinute, now);
  if (recent > 0) sum.error_rate = static_cast<double>(recent_errors) / static_cast<double>(recent);
}

void add_kinds(DatabaseStats& sum, const std::vector<ShardStats>& shards) {
  CallMetrics calls;
  TransitionCounts transitions;
  for (const ShardStats& shard : shards) {
    calls.merge(shard.calls);
    transitions.merge(shard.transitions);
  }
  calls.write_to(sum);
  sum.breaker_transitions = transitions.list();
}

std::vector<HostStats> host_stats(const TopologyView& view, const std::vector<ShardStats>& shards) {
  std::vector<HostStats> all;
  for (std::size_t i = 0; i < view.hosts.size(); ++i) {
    const HostView& host = view.hosts[i];
    HostStats stats{.host = host.name, .role = host.role, .up = host.up, .problem = host.problem};
    if (host.lag) stats.lag = std::chrono::duration_cast<std::chrono::milliseconds>(*host.lag);
    stats.round_trip = std::chrono::duration_cast<std::chrono::microseconds>(host.round_trip);
    for (std::size_t j = i; j < shards.size(); j += view.hosts.size()) {
      add(stats.pool, shards[j].pool);
      add(stats.breaker, shards[j].breaker);
      stats.queries += shards[j].queries;
      stats.errors += shards[j].errors;
    }
    all.push_back(std::move(stats));
  }
  return all;
}

/// With several hosts, the state of the primary's breaker is that of the database.
void add_hosts(DatabaseStats& sum, const TopologyView& view,
               const std::vector<ShardStats>& shards) {
  sum.hosts = host_stats(view, shards);
  if (!view.primary) return;
  const BreakerStatus all = sum.breaker;
  sum.breaker = sum.hosts[*view.primary].breaker;
  sum.breaker.opened_count = all.opened_count;
  sum.breaker.rejected = all.rejected;
  sum.breaker.succeeded = all.succeeded;
  sum.breaker.failed = all.failed;
  sum.breaker.not_counted = all.not_counted;
}

}  // namespace

const std::shared_ptr<Shard>& Database::pick_shard(const base::EventLoop* caller) const {
  if (shards.size() == 1) return shards.front();
  for (const auto& shard : shards) {
    if (&shard->loop() == caller) return shard;
  }
  const std::size_t workers = shards.size() / host_count();
  return shards[turn_.fetch_add(1, std::memory_order_relaxed) % workers * host_count()];
}

DatabaseOptions shard_part(const DatabaseOptions& whole, int index, int count) {
  DatabaseOptions options = whole;
  options.pool.max_size = std::max(1, part(whole.pool.max_size, index, count));
  options.pool.max_overflow = part(whole.pool.max_overflow, index, count);
  options.pool.min_size = part(whole.pool.min_size, index, count);
  if (whole.sessions.max_per_database > 0) {
    options.sessions.max_per_database =
        std::max(1, part(whole.sessions.max_per_database, index, count));
  }
  options.pool.max_waiters = std::max(1, part(whole.pool.effective_max_waiters(), index, count));
  return options;
}

DatabaseStats merge_stats(const Database& database, const std::vector<ShardStats>& shards,
                          std::chrono::system_clock::time_point now) {
  DatabaseStats sum;
  sum.db_id = database.db_id;
  sum.target = database.target.display();
  sum.options = database.options;
  sum.registered_at = database.registered_at;
  for (const ShardStats& shard : shards) {
    add(sum, shard);
    if (!shard.used_ago) continue;
    const auto used =
        now - std::chrono::duration_cast<std::chrono::system_clock::duration>(*shard.used_ago);
    sum.last_used = std::max(sum.last_used.value_or(used), used);
  }
  if (database.hosts) add_hosts(sum, *database.hosts->view(), shards);
  add_latencies(sum, shards);
  add_kinds(sum, shards);
  return sum;
}

}  // namespace sluice::manager
