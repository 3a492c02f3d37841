#include <array>
#include <chrono>
#include <cmath>
#include <optional>
#include <string>
#include <utility>

#include "metrics/families.h"
#include "metrics/series.h"

namespace sluice::metrics {
namespace {

using Stats = DatabaseStats;
using std::chrono::system_clock;

constexpr std::array kStates{BreakerState::kClosed,       BreakerState::kOpen,
                             BreakerState::kHalfOpen,     BreakerState::kForcedOpen,
                             BreakerState::kForcedClosed, BreakerState::kObserveOnly};

Family breaker_states(const Databases& databases) {
  Family family = Family::gauge("sluice_circuit_breaker_state",
                                "1 for the state the circuit breaker is in, 0 for the others.");
  for (const Stats& stats : databases) {
    for (const BreakerState state : kStates) {
      family.add(with(database_label(stats), "state", std::string(to_string(state))),
                 stats.breaker.state == state ? 1 : 0);
    }
  }
  return family;
}

Family database_states(const Databases& databases) {
  Family family =
      Family::gauge("sluice_database_state", "1 for what the database does, 0 for the others.");
  for (const Stats& stats : databases) {
    for (const DatabaseState state :
         {DatabaseState::kActive, DatabaseState::kPaused, DatabaseState::kDraining}) {
      family.add(with(database_label(stats), "state", std::string(to_string(state))),
                 stats.state == state ? 1 : 0);
    }
  }
  return family;
}

Family transitions(const Databases& databases) {
  Family family = Family::counter("sluice_circuit_breaker_transitions_total",
                                  "Changes of the circuit breaker's state, with their reason.");
  for (const Stats& stats : databases) {
    for (const TransitionCount& kind : stats.breaker_transitions) {
      Labels labels = with(database_label(stats), "from", std::string(to_string(kind.from)));
      labels.emplace_back("to", to_string(kind.to));
      labels.emplace_back("reason", kind.reason);
      family.add(labels, static_cast<double>(kind.count));
    }
  }
  return family;
}

Family calls(const Databases& databases) {
  return each_kind(Family::counter("sluice_circuit_breaker_calls_total",
                                   "Calls and connects as the circuit breaker judged them."),
                   "outcome", databases, [](const Stats& stats) {
                     return std::array<std::pair<const char*, std::int64_t>, 4>{
                         {{"success", stats.breaker.succeeded},
                          {"failure", stats.breaker.failed},
                          {"not_counted", stats.breaker.not_counted},
                          {"rejected", stats.breaker.rejected}}};
                   });
}

bool holds_for_down(BreakerState state) {
  return state == BreakerState::kOpen || state == BreakerState::kHalfOpen ||
         state == BreakerState::kForcedOpen;
}

/// To the second: the same moment must look the same at every scrape, or nearly so.
double timestamp(system_clock::time_point when) {
  return static_cast<double>(
      std::chrono::round<std::chrono::seconds>(when.time_since_epoch()).count());
}

std::optional<double> opened_at(const Stats& stats) {
  if (!holds_for_down(stats.breaker.state)) return std::nullopt;
  return timestamp(system_clock::now() - stats.breaker.in_state_for);
}

std::optional<double> next_probe_at(const Stats& stats) {
  if (!stats.breaker.next_trial_in) return std::nullopt;
  return timestamp(system_clock::now() + *stats.breaker.next_trial_in);
}

void add_window_families(std::vector<Family>& families, const Databases& databases) {
  const auto known = [&](const char* name, const char* help, const auto& value) {
    families.push_back(each_known(Family::gauge(name, help), databases, value));
  };
  known("sluice_circuit_breaker_failure_ratio",
        "Share of failed calls in the window, 0 to 1; absent below the minimum number of calls.",
        [](const Stats& stats) { return stats.breaker.failure_rate; });
  known("sluice_circuit_breaker_slow_ratio", "Share of slow connects and pings in the window.",
        [](const Stats& stats) { return stats.breaker.slow_rate; });
  known("sluice_circuit_breaker_opened_timestamp_seconds",
        "Since when it lets no or few calls through; absent while it is closed.", opened_at);
  known("sluice_circuit_breaker_next_probe_timestamp_seconds",
        "When the database is tried next; absent unless it is open.", next_probe_at);
}

void add_threshold_families(std::vector<Family>& families, const Databases& databases) {
  const auto gauge = [&](const char* name, const char* help, const auto& value) {
    families.push_back(each(Family::gauge(name, help), databases, value));
  };
  gauge("sluice_circuit_breaker_failure_ratio_threshold",
        "Failure ratio at which the circuit breaker opens.",
        [](const Stats& stats) { return stats.options.breaker.failure_rate; });
  gauge("sluice_circuit_breaker_slow_ratio_threshold",
        "Slow ratio at which the circuit breaker opens.",
        [](const Stats& stats) { return stats.options.breaker.slow_rate; });
  gauge("sluice_circuit_breaker_window_calls", "Calls counted in the window.",
        [](const Stats& stats) { return stats.breaker.window_calls; });
  gauge("sluice_circuit_breaker_min_calls", "Fewer calls in the window open nothing.",
        [](const Stats& stats) { return stats.options.breaker.minimum_calls; });
}

}  // namespace

std::vector<Family> breaker_families(const Databases& databases) {
  std::vector<Family> families{breaker_states(databases), database_states(databases),
                               transitions(databases), calls(databases)};
  families.push_back(each(
      Family::gauge("sluice_database_up",
                    "0 while the circuit breaker holds the database for down, else 1."),
      databases, [](const Stats& stats) { return holds_for_down(stats.breaker.state) ? 0 : 1; }));
  add_window_families(families, databases);
  add_threshold_families(families, databases);
  families.push_back(
      each(Family::counter("sluice_circuit_breaker_opened_total", "How often it opened."),
           databases, [](const Stats& stats) { return stats.breaker.opened_count; }));
  families.push_back(
      each(Family::counter("sluice_circuit_breaker_rejected_total", "Calls it refused."), databases,
           [](const Stats& stats) { return stats.breaker.rejected; }));
  return families;
}

}  // namespace sluice::metrics
