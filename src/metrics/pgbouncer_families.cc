// The names that prometheus-community/pgbouncer_exporter gives, for dashboards and alerts made for
// it.
#include <chrono>
#include <string>
#include <string_view>

#include "metrics/families.h"
#include "metrics/series.h"

namespace sluice::metrics {
namespace {

using Stats = DatabaseStats;

double seconds(std::chrono::duration<double> time) { return time.count(); }

/// PgBouncer has a pool per database and user.
Labels pool_and_user(const Stats& stats) {
  const std::size_t at = stats.target.rfind('@');
  const std::string user = at == std::string::npos ? "" : stats.target.substr(0, at);
  return {{"database", stats.db_id}, {"user", user}};
}

}  // namespace

std::vector<Family> pgbouncer_families(const Databases& databases) {
  Family up = Family::gauge("pgbouncer_up", "Always 1: as in pgbouncer_exporter.");
  up.add({}, 1);
  std::vector<Family> families{std::move(up)};
  const auto pool = [&](const char* name, const char* help, const auto& value) {
    Family family = Family::gauge(name, help);
    for (const Stats& stats : databases) {
      family.add(pool_and_user(stats), static_cast<double>(value(stats)));
    }
    families.push_back(std::move(family));
  };
  pool("pgbouncer_pools_client_active_connections", "Calls that have a connection.",
       [](const Stats& stats) { return stats.pool.used; });
  pool("pgbouncer_pools_client_waiting_connections", "Calls that wait for a connection.",
       [](const Stats& stats) { return stats.pool.waiting; });
  pool("pgbouncer_pools_client_maxwait_seconds", "How long the first in the queue waits.",
       [](const Stats& stats) { return seconds(stats.pool.oldest_wait); });
  pool("pgbouncer_pools_server_active_connections", "Connections in use.",
       [](const Stats& stats) { return stats.pool.used; });
  pool("pgbouncer_pools_server_idle_connections", "Connections that are idle.",
       [](const Stats& stats) { return stats.pool.idle; });
  pool("pgbouncer_pools_server_login_connections", "Connections being opened.",
       [](const Stats& stats) { return stats.pool.connecting; });
  const auto counter = [&](const char* name, const char* help, const auto& value) {
    families.push_back(each(Family::counter(name, help), databases, value));
  };
  counter("pgbouncer_stats_queries_pooled_total", "Calls that reached the database.",
          [](const Stats& stats) { return stats.queries; });
  counter("pgbouncer_stats_queries_duration_seconds_total", "Time spent in calls.",
          [](const Stats& stats) { return seconds(stats.query_histogram.sum); });
  counter("pgbouncer_stats_client_wait_seconds_total", "Time spent waiting for a connection.",
          [](const Stats& stats) { return seconds(stats.acquire_histogram.sum); });
  return families;
}

}  // namespace sluice::metrics
