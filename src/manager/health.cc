// The verdict over all databases, from their figures and from what a probe found.
#include <algorithm>
#include <string>

#include "manager/manager.h"

namespace sluice::manager {
namespace {

constexpr double kHighUtilization = 90.0;

/// A database whose connects fail, with no connection left, is down before its breaker opens. Of
/// several hosts each has connections of its own: `judge_hosts` knows more.
bool can_be_used(const DatabaseStats& stats) {
  const auto state = stats.breaker.state;
  if (state == BreakerState::kOpen || state == BreakerState::kForcedOpen) return false;
  if (stats.state == DatabaseState::kDraining) return false;
  const bool connected = stats.pool.idle + stats.pool.used + stats.pool.cleaning > 0;
  return connected || stats.breaker.connect_failures == 0 || !stats.hosts.empty();
}

/// A probe that failed for want of a connection, or while paused, says nothing of the database.
void apply_probe(const Error& failure, DatabaseHealth& database) {
  const bool down = failure.fault == Fault::kDatabase || failure.fault == Fault::kCredentials ||
                    failure.code == ErrorCode::kQueryTimeout;
  if (!down) {
    database.warnings.push_back("the probe failed: " + failure.message);
  } else if (database.healthy) {
    database.healthy = false;
    database.status = failure.message;
  }
}

/// Without a primary it serves reads at most.
void judge_hosts(const std::vector<HostStats>& hosts, DatabaseHealth& database) {
  if (hosts.empty()) return;
  bool has_primary = false;
  for (const HostStats& host : hosts) {
    has_primary |= host.role == HostRole::kPrimary;
    if (!host.up) database.warnings.push_back(host.host + " is down: " + host.problem);
    if (host.role == HostRole::kConflict)
      database.warnings.push_back(host.host + " takes writes, but is not the primary any more");
  }
  if (has_primary || !database.healthy) return;
  database.healthy = false;
  database.status = "none of its hosts takes writes";
}

}  // namespace

Health judge_health(const std::vector<DatabaseStats>& stats, const ProbeFailures& failures) {
  Health health;
  std::size_t down = 0;
  bool required_down = false;
  for (const DatabaseStats& one : stats) {
    DatabaseHealth database;
    database.db_id = one.db_id;
    database.required = one.options.required;
    database.healthy = can_be_used(one);
    database.status = database.healthy ? "healthy"
                      : one.state == DatabaseState::kDraining
                          ? "it is being drained and takes no calls"
                          : one.breaker.explanation;
    if (one.checked_ago.count() >= 0) {
      database.checked_ago = one.checked_ago;
      database.response_time = one.response_time;
    }
    const auto hosts = std::max<int>(1, static_cast<int>(one.hosts.size()));
    database.utilization = 100.0 * one.pool.used / std::max(1, one.options.pool.max_size * hosts);
    if (database.utilization > kHighUtilization) {
      database.warnings.push_back("over 90 % of the pool's connections are in use");
    }
    if (one.pool.waiting > 0) {
      database.warnings.push_back(std::to_string(one.pool.waiting) +
                                  " callers wait for a connection");
    }
    judge_hosts(one.hosts, database);
    if (const auto failed = failures.find(one.db_id); failed != failures.end()) {
      apply_probe(failed->second, database);
    }
    if (!database.healthy) ++down;
    required_down |= !database.healthy && database.required;
    health.databases.push_back(std::move(database));
  }
  const bool none_usable = !stats.empty() && down == stats.size();
  if (required_down || none_usable) {
    health.verdict = Health::Verdict::kUnhealthy;
  } else if (down > 0) {
    health.verdict = Health::Verdict::kDegraded;
  }
  return health;
}

}  // namespace sluice::manager
