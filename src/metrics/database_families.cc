#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>

#include "metrics/families.h"

namespace sluice::metrics {
namespace {

using Databases = std::vector<DatabaseStats>;

double seconds(std::chrono::duration<double> time) { return time.count(); }

/// OpenTelemetry names a pool, and we a database: the same value, so that both kinds can be joined.
Labels pool_labels(const DatabaseStats& stats) {
  return {{"db_client_connection_pool_name", stats.db_id}, {"database", stats.db_id}};
}
Labels database_label(const DatabaseStats& stats) { return {{"database", stats.db_id}}; }

Labels with(Labels labels, std::string_view name, std::string value) {
  labels.emplace_back(name, std::move(value));
  return labels;
}

/// One series per database: the value of `value`.
template <typename Value>
Family each(Family family, const Databases& databases, const Value& value) {
  for (const DatabaseStats& stats : databases) {
    family.add(database_label(stats), static_cast<double>(value(stats)));
  }
  return family;
}
template <typename Value>
Family each_pool(Family family, const Databases& databases, const Value& value) {
  for (const DatabaseStats& stats : databases) {
    family.add(pool_labels(stats), static_cast<double>(value(stats)));
  }
  return family;
}
/// Only where there is a value.
template <typename Value>
Family each_known(Family family, const Databases& databases, const Value& value) {
  for (const DatabaseStats& stats : databases) {
    if (const std::optional<double> known = value(stats)) family.add(database_label(stats), *known);
  }
  return family;
}
/// One series per database and kind.
template <typename Counts>
Family each_kind(Family family, std::string_view label, const Databases& databases,
                 const Counts& counts) {
  for (const DatabaseStats& stats : databases) {
    const std::map<std::string, std::int64_t>& by_kind = counts(stats);
    for (const auto& [kind, count] : by_kind) {
      family.add(with(database_label(stats), label, kind), static_cast<double>(count));
    }
  }
  return family;
}

/// The parts of "user@host:port/database".
struct Address {
  std::string host;
  std::string port;
  std::string database;
};

Address address_of(std::string_view target) {
  for (std::size_t colon = target.find(':'); colon != target.npos;
       colon = target.find(':', colon + 1)) {
    const std::size_t slash = target.find_first_not_of("0123456789", colon + 1);
    if (slash == target.npos || target[slash] != '/' || slash == colon + 1) continue;
    const std::size_t at = target.rfind('@', colon);
    const std::size_t host = at == target.npos ? 0 : at + 1;
    return {std::string(target.substr(host, colon - host)),
            std::string(target.substr(colon + 1, slash - colon - 1)),
            std::string(target.substr(slash + 1))};
  }
  return {};
}

Labels operation_labels(const DatabaseStats& stats) {
  const Address address = address_of(stats.target);
  Labels labels{{"db_system_name", "postgresql"}, {"database", stats.db_id}};
  if (!address.database.empty()) labels.emplace_back("db_namespace", address.database);
  if (!address.host.empty()) labels.emplace_back("server_address", address.host);
  if (!address.port.empty() && address.port != "5432") {
    labels.emplace_back("server_port", address.port);
  }
  return labels;
}

Family connection_counts(const Databases& databases) {
  Family family = Family::gauge("db_client_connection_count", "Connections, by what they do.");
  for (const DatabaseStats& stats : databases) {
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

Family breaker_states(const Databases& databases) {
  Family family = Family::gauge("sluice_circuit_breaker_state",
                                "1 for the state the circuit breaker is in, 0 for the others.");
  for (const DatabaseStats& stats : databases) {
    for (const BreakerState state :
         {BreakerState::kClosed, BreakerState::kOpen, BreakerState::kHalfOpen,
          BreakerState::kForcedOpen, BreakerState::kForcedClosed, BreakerState::kObserveOnly}) {
      family.add(with(database_label(stats), "state", std::string(to_string(state))),
                 stats.breaker.state == state ? 1 : 0);
    }
  }
  return family;
}

bool is_up(const DatabaseStats& stats) {
  switch (stats.breaker.state) {
    case BreakerState::kOpen:
    case BreakerState::kHalfOpen:
    case BreakerState::kForcedOpen:
      return false;
    case BreakerState::kClosed:
    case BreakerState::kForcedClosed:
    case BreakerState::kObserveOnly:
      break;
  }
  return true;
}

}  // namespace

std::vector<Family> connection_families(const Databases& databases) {
  using Stats = DatabaseStats;
  std::vector<Family> families{connection_counts(databases)};
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
  Family waits = Family::histogram("db_client_connection_wait_time_seconds",
                                   "Time it took to get a connection from the pool.");
  for (const Stats& stats : databases) waits.add(pool_labels(stats), stats.acquire_histogram);
  families.push_back(std::move(waits));
  families.push_back(each(
      Family::gauge("sluice_pool_oldest_wait_seconds", "How long the first in the queue waits."),
      databases, [](const Stats& stats) { return seconds(stats.pool.oldest_wait); }));
  families.push_back(each(
      Family::gauge("sluice_pool_wait_limit", "Calls that may wait for a connection."), databases,
      [](const Stats& stats) { return stats.options.pool.effective_max_waiters(); }));
  families.push_back(
      each(Family::gauge("sluice_pool_overflow_connections", "Connections above the maximum size."),
           databases, [](const Stats& stats) { return stats.pool.overflow; }));
  families.push_back(
      each(Family::counter("sluice_pool_connections_created_total", "Connections opened."),
           databases, [](const Stats& stats) { return stats.pool.connections_created; }));
  families.push_back(each_kind(
      Family::counter("sluice_pool_connections_closed_total", "Connections closed, by reason."),
      "reason", databases,
      [](const Stats& stats) -> const auto& { return stats.pool.connections_closed; }));
  families.push_back(each(Family::counter("sluice_pool_connections_create_errors_total",
                                          "Connections that could not be opened."),
                          databases, [](const Stats& stats) { return stats.pool.connect_errors; }));
  return families;
}

std::vector<Family> query_families(const Databases& databases) {
  using Stats = DatabaseStats;
  Family durations =
      Family::histogram("db_client_operation_duration_seconds",
                        "Duration of calls, from the first byte sent to the last row.");
  for (const Stats& stats : databases) {
    durations.add(operation_labels(stats), stats.query_histogram);
  }
  std::vector<Family> families{std::move(durations)};
  families.push_back(
      each(Family::counter("sluice_queries_total", "Calls that reached the database."), databases,
           [](const Stats& stats) { return stats.queries; }));
  families.push_back(
      each(Family::counter("sluice_query_errors_total", "Calls that ended with an error."),
           databases, [](const Stats& stats) { return stats.errors; }));
  families.push_back(each_kind(
      Family::counter("sluice_query_errors_by_sqlstate_total",
                      "Errors the server answered with, by SQLSTATE."),
      "sqlstate", databases,
      [](const Stats& stats) -> const auto& { return stats.errors_by_sqlstate; }));
  families.push_back(each_kind(
      Family::counter("sluice_pool_rejected_total",
                      "Calls refused before they reached the database, by reason."),
      "reason", databases, [](const Stats& stats) -> const auto& { return stats.refused; }));
  families.push_back(each(Family::counter("sluice_response_rows_total", "Rows read."), databases,
                          [](const Stats& stats) { return stats.rows; }));
  return families;
}

std::vector<Family> breaker_families(const Databases& databases) {
  using Stats = DatabaseStats;
  std::vector<Family> families{breaker_states(databases)};
  families.push_back(
      each(Family::gauge("sluice_database_up",
                         "0 while the circuit breaker holds the database for down, else 1."),
           databases, [](const Stats& stats) { return is_up(stats) ? 1 : 0; }));
  families.push_back(each_known(Family::gauge("sluice_circuit_breaker_failure_ratio",
                                              "Share of failed calls in the window, 0 to 1; "
                                              "absent below the minimum number of calls."),
                                databases,
                                [](const Stats& stats) { return stats.breaker.failure_rate; }));
  families.push_back(each_known(Family::gauge("sluice_circuit_breaker_slow_ratio",
                                              "Share of slow connects and pings in the window."),
                                databases,
                                [](const Stats& stats) { return stats.breaker.slow_rate; }));
  families.push_back(each(Family::gauge("sluice_circuit_breaker_failure_ratio_threshold",
                                        "Failure ratio at which the circuit breaker opens."),
                          databases,
                          [](const Stats& stats) { return stats.options.breaker.failure_rate; }));
  families.push_back(
      each(Family::gauge("sluice_circuit_breaker_window_calls", "Calls counted in the window."),
           databases, [](const Stats& stats) { return stats.breaker.window_calls; }));
  families.push_back(each(
      Family::gauge("sluice_circuit_breaker_min_calls", "Fewer calls in the window open nothing."),
      databases, [](const Stats& stats) { return stats.options.breaker.minimum_calls; }));
  families.push_back(
      each(Family::counter("sluice_circuit_breaker_opened_total", "How often it opened."),
           databases, [](const Stats& stats) { return stats.breaker.opened_count; }));
  families.push_back(
      each(Family::counter("sluice_circuit_breaker_rejected_total", "Calls it refused."), databases,
           [](const Stats& stats) { return stats.breaker.rejected; }));
  return families;
}

}  // namespace sluice::metrics
