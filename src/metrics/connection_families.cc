#include <array>
#include <chrono>
#include <map>
#include <string>

#include "metrics/families.h"
#include "metrics/series.h"

namespace sluice::metrics {
namespace {

using Stats = DatabaseStats;
using Counts = std::map<std::string, std::int64_t>;

double seconds(std::chrono::duration<double> time) { return time.count(); }

Family connection_counts(const Databases& databases) {
  Family family = Family::gauge("db_client_connection_count", "Connections, by what they do.");
  for (const Stats& stats : databases) {
    const std::array<std::pair<const char*, int>, 4> states{{{"idle", stats.pool.idle},
                                                             {"used", stats.pool.used},
                                                             {"opening", stats.pool.connecting},
                                                             {"cleaning", stats.pool.cleaning}}};
    for (const auto& [state, count] : states) {
      family.add(with(pool_labels(stats), "db_client_connection_state", state), count);
    }
  }
  return family;
}

/// OpenTelemetry's gauges and its counter.
void add_pool_families(std::vector<Family>& families, const Databases& databases) {
  families.push_back(connection_counts(databases));
  const auto gauge = [&](const char* name, const char* help, const auto& value) {
    families.push_back(each_pool(Family::gauge(name, help), databases, value));
  };
  gauge("db_client_connection_max", "Connections the pool may have, without overflow.",
        [](const Stats& stats) { return stats.options.pool.max_size; });
  gauge("db_client_connection_idle_max", "Connections that may be idle.",
        [](const Stats& stats) { return stats.options.pool.max_size; });
  gauge("db_client_connection_idle_min", "Connections kept open while the pool is in use.",
        [](const Stats& stats) { return stats.options.pool.min_size; });
  gauge("db_client_connection_pending_requests", "Calls that wait for a connection.",
        [](const Stats& stats) { return stats.pool.waiting; });
  families.push_back(
      each_pool(Family::counter("db_client_connection_timeouts_total",
                                "Calls that got no connection within their acquire timeout."),
                databases, [](const Stats& stats) { return stats.pool.acquire_timeouts; }));
}

void add_time_families(std::vector<Family>& families, const Databases& databases) {
  families.push_back(each_histogram(Family::histogram("db_client_connection_create_time_seconds",
                                                      "Time it took to open a connection."),
                                    databases,
                                    [](const Stats& stats) { return stats.connect_histogram; }));
  families.push_back(
      each_histogram(Family::histogram("db_client_connection_wait_time_seconds",
                                       "Time it took to get a connection from the pool."),
                     databases, [](const Stats& stats) { return stats.acquire_histogram; }));
  // A connection is lent for one call or one transaction, and comes back with its last row.
  families.push_back(
      each_histogram(Family::histogram("db_client_connection_use_time_seconds",
                                       "Time between getting a connection and giving it back."),
                     databases, [](const Stats& stats) { return stats.query_histogram; }));
}

void add_own_families(std::vector<Family>& families, const Databases& databases) {
  const auto gauge = [&](const char* name, const char* help, const auto& value) {
    families.push_back(each(Family::gauge(name, help), databases, value));
  };
  gauge("sluice_pool_oldest_wait_seconds", "How long the first in the queue waits.",
        [](const Stats& stats) { return seconds(stats.pool.oldest_wait); });
  gauge("sluice_pool_wait_limit", "Calls that may wait for a connection.",
        [](const Stats& stats) { return stats.options.pool.effective_max_waiters(); });
  gauge("sluice_pool_overflow_connections", "Connections above the maximum size.",
        [](const Stats& stats) { return stats.pool.overflow; });
  families.push_back(
      each(Family::counter("sluice_pool_connections_created_total", "Connections opened."),
           databases, [](const Stats& stats) { return stats.pool.connections_created; }));
  families.push_back(each_kind(
      Family::counter("sluice_pool_connections_closed_total", "Connections closed, by reason."),
      "reason", databases,
      [](const Stats& stats) -> const Counts& { return stats.pool.connections_closed; }));
  families.push_back(each(Family::counter("sluice_pool_connections_create_errors_total",
                                          "Connections that could not be opened."),
                          databases, [](const Stats& stats) { return stats.pool.connect_errors; }));
}

void add_overload_families(std::vector<Family>& families, const Databases& databases) {
  const auto gauge = [&](const char* name, const char* help, const auto& value) {
    families.push_back(each(Family::gauge(name, help), databases, value));
  };
  gauge("sluice_pool_lendable_connections", "Connections that may be lent at once.",
        [](const Stats& stats) { return stats.pool.lendable; });
  gauge("sluice_pool_adaptive_limit", "What the adaptive limit allows, or would; 0: it is off.",
        [](const Stats& stats) { return stats.pool.adaptive_limit; });
  gauge("sluice_pool_best_size", "Best size found by dynamic sizing; 0: the size is fixed.",
        [](const Stats& stats) { return stats.pool.best_size; });
  gauge("sluice_pool_clients_waiting", "Clients with calls that wait for a connection.",
        [](const Stats& stats) { return stats.pool.clients_waiting; });
  families.push_back(
      each(Family::counter("sluice_pool_limit_cuts_total", "Times the adaptive limit was lowered."),
           databases, [](const Stats& stats) { return stats.pool.limit_cuts; }));
  families.push_back(
      each_kind(Family::counter("sluice_pool_early_refusals_total",
                                "Calls refused before their time, by reason; part of queue_full."),
                "reason", databases, [](const Stats& stats) {
                  return Counts{{"late", stats.pool.refused_late},
                                {"pushed_out", stats.pool.pushed_out},
                                {"shed", stats.pool.shed}};
                }));
}

/// The usual reasons are there from the beginning.
Counts refusals(const Stats& stats) {
  Counts refused = stats.refused;
  for (const char* reason :
       {"acquire_timeout", "breaker_open", "draining", "paused", "queue_full"}) {
    refused.try_emplace(reason, 0);
  }
  return refused;
}

Family session_counts(const Databases& databases) {
  Family family = Family::gauge("sluice_sessions", "Interactive sessions, by what they do.");
  for (const Stats& stats : databases) {
    const SessionStats& sessions = stats.sessions;
    const int idle = sessions.open - sessions.running - sessions.in_transaction;
    const std::array<std::pair<const char*, int>, 3> states{
        {{"idle", idle},
         {"running", sessions.running},
         {"in_transaction", sessions.in_transaction}}};
    for (const auto& [state, count] : states) {
      family.add(with(database_label(stats), "state", state), count);
    }
  }
  return family;
}

/// Interactive sessions: each has one of the connections.
void add_session_families(std::vector<Family>& families, const Databases& databases) {
  families.push_back(session_counts(databases));
  families.push_back(
      each(Family::gauge("sluice_sessions_max", "Sessions there may be at once."), databases,
           [](const Stats& stats) { return stats.options.sessions.max_per_database; }));
  families.push_back(each(Family::counter("sluice_sessions_opened_total", "Sessions opened."),
                          databases, [](const Stats& stats) { return stats.sessions.opened; }));
  families.push_back(
      each_kind(Family::counter("sluice_sessions_ended_total", "Sessions that ended, by reason."),
                "reason", databases, [](const Stats& stats) { return stats.sessions.ended; }));
}

Family stream_counts(const Databases& databases) {
  Family family =
      Family::gauge("sluice_streams", "Results that are given on while they come, by phase.");
  for (const Stats& stats : databases) {
    const Labels database = database_label(stats);
    family.add(with(database, "phase", "running"), stats.streams.running);
    family.add(with(database, "phase", "paused"), stats.streams.paused);
  }
  return family;
}

}  // namespace

std::vector<Family> connection_families(const Databases& databases) {
  std::vector<Family> families;
  add_pool_families(families, databases);
  add_time_families(families, databases);
  add_own_families(families, databases);
  add_overload_families(families, databases);
  families.push_back(
      each_kind(Family::counter("sluice_pool_rejected_total",
                                "Calls refused before they reached the database, by reason."),
                "reason", databases, refusals));
  add_session_families(families, databases);
  families.push_back(stream_counts(databases));
  return families;
}

}  // namespace sluice::metrics
