#include "json/report_parts.h"

#include <algorithm>
#include <optional>

namespace sluice::json {
namespace {

using std::chrono::system_clock;

/// Null instead of nothing.
std::optional<std::string_view> known(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional<std::string_view>(text);
}

}  // namespace

double utilization(const DatabaseStats& stats) {
  const int hosts = std::max(static_cast<int>(stats.hosts.size()), 1);
  return 100.0 * stats.pool.used / std::max(stats.options.pool.max_size * hosts, 1);
}

void write_counts(Writer& writer, std::string_view name,
                  const std::map<std::string, std::int64_t>& counts) {
  writer.begin_object(name);
  for (const auto& [key, count] : counts) writer.field(key, count);
  writer.end_object();
}

void write_percentiles(Writer& writer, std::string_view name, const Percentiles& times) {
  writer.begin_object(name);
  writer.field("p50", times.p50).field("p95", times.p95).field("p99", times.p99);
  writer.end_object();
}

void write_breaker(Writer& writer, const BreakerStatus& breaker, system_clock::time_point now) {
  writer.begin_object("breaker");
  writer.field("state", to_string(breaker.state));
  writer.field("since", now - breaker.in_state_for);
  writer.field("in_state_for_ms", breaker.in_state_for);
  writer.field("failure_rate", breaker.failure_rate).field("slow_rate", breaker.slow_rate);
  writer.field("window_calls", breaker.window_calls);
  writer.field("window_failures", breaker.window_failures);
  writer.field("connect_failures", breaker.connect_failures);
  writer.field("next_trial_in_ms", breaker.next_trial_in);
  writer.field("opened_count", breaker.opened_count).field("rejected", breaker.rejected);
  writer.field("reason", breaker.reason).field("explanation", breaker.explanation);
  writer.end_object();
}

void write_overload(Writer& writer, const PoolStats& pool) {
  const auto if_on = [](int value) { return value > 0 ? std::optional(value) : std::nullopt; };
  writer.begin_object("overload");
  writer.field("refused_late", pool.refused_late).field("shed", pool.shed);
  writer.field("pushed_out", pool.pushed_out).field("overloaded", pool.overloaded);
  writer.field("clients_waiting", pool.clients_waiting);
  writer.field("service_time_ms", pool.service_time);
  writer.field("lendable", pool.lendable);
  writer.field("adaptive_limit", if_on(pool.adaptive_limit)).field("limit_cuts", pool.limit_cuts);
  writer.field("limit_reason", known(pool.limit_reason));
  writer.field("best_size", if_on(pool.best_size));
  writer.field("sizing_reason", known(pool.sizing_reason));
  writer.end_object();
}

void write_pool(Writer& writer, const DatabaseStats& stats) {
  const PoolStats& pool = stats.pool;
  writer.begin_object("pool");
  writer.field("size", pool.total()).field("idle", pool.idle).field("used", pool.used);
  writer.field("connecting", pool.connecting).field("cleaning", pool.cleaning);
  writer.field("overflow", pool.overflow).field("max_size", stats.options.pool.max_size);
  writer.field("waiting", pool.waiting).field("oldest_wait_ms", pool.oldest_wait);
  writer.field("utilization", utilization(stats));
  write_overload(writer, pool);
  writer.end_object();
}

void write_hosts(Writer& writer, const DatabaseStats& stats) {
  if (stats.hosts.empty()) return;
  writer.begin_array("hosts");
  for (const HostStats& host : stats.hosts) {
    writer.begin_object();
    writer.field("host", host.host).field("role", to_string(host.role)).field("up", host.up);
    writer.field("lag_ms", host.lag).field("round_trip_ms", host.round_trip);
    writer.field("problem", known(host.problem));
    writer.field("breaker", to_string(host.breaker.state));
    writer.field("explanation", host.breaker.explanation);
    writer.field("used", host.pool.used).field("idle", host.pool.idle);
    writer.field("size", host.pool.total()).field("waiting", host.pool.waiting);
    writer.field("queries", host.queries).field("errors", host.errors);
    writer.end_object();
  }
  writer.end_array();
}

void write_summary(Writer& writer, const DatabaseStats& stats, system_clock::time_point now) {
  writer.field("db_id", stats.db_id).field("target", stats.target);
  writer.field("server_version", known(stats.server_version));
  writer.field("state", to_string(stats.state));
  writer.field("required", stats.options.required);
  writer.begin_object("labels");
  for (const auto& [name, value] : stats.options.labels) writer.field(name, value);
  writer.end_object();
  writer.field("registered_at", stats.registered_at).field("last_used", stats.last_used);
  write_pool(writer, stats);
  write_breaker(writer, stats.breaker, now);
  write_hosts(writer, stats);
}

}  // namespace sluice::json
