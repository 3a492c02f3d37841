// What is known of the hosts of databases that have several. A database with a single host has no
// series here.
#include <array>
#include <chrono>
#include <functional>

#include "metrics/families.h"
#include "metrics/series.h"

namespace sluice::metrics {
namespace {

/// At most 16 hosts per database: the label's values are bounded by the settings.
Labels host_labels(const DatabaseStats& stats, const HostStats& host) {
  return with(database_label(stats), "host", host.host);
}

/// One series per host, where there is a value.
Family each_host(Family family, const Databases& databases,
                 const std::function<std::optional<double>(const HostStats&)>& value) {
  for (const DatabaseStats& stats : databases) {
    for (const HostStats& host : stats.hosts) {
      if (const auto known = value(host)) family.add(host_labels(stats, host), *known);
    }
  }
  return family;
}

Family roles(const Databases& databases) {
  Family family = Family::gauge("sluice_host_role",
                                "1 for the role that a host was last found in, 0 for the others.");
  for (const DatabaseStats& stats : databases) {
    for (const HostStats& host : stats.hosts) {
      for (const HostRole role :
           {HostRole::kUnknown, HostRole::kPrimary, HostRole::kReplica, HostRole::kConflict}) {
        family.add(with(host_labels(stats, host), "role", std::string(to_string(role))),
                   host.role == role ? 1 : 0);
      }
    }
  }
  return family;
}

template <typename Time>
double seconds(Time time) {
  return std::chrono::duration<double>(time).count();
}

bool refuses(const HostStats& host) {
  return host.breaker.state == BreakerState::kOpen ||
         host.breaker.state == BreakerState::kForcedOpen;
}

}  // namespace

std::vector<Family> host_families(const Databases& databases) {
  std::vector<Family> families{roles(databases)};
  const auto gauge = [&](const char* name, const char* help, const auto& value) {
    families.push_back(each_host(Family::gauge(name, help), databases, value));
  };
  gauge("sluice_host_up", "Whether a host answers its monitor.",
        [](const HostStats& host) { return host.up ? 1.0 : 0.0; });
  gauge("sluice_host_lag_seconds", "How far a replica is behind, at most; absent: not known.",
        [](const HostStats& host) {
          return host.lag ? std::optional(seconds(*host.lag)) : std::nullopt;
        });
  gauge("sluice_host_round_trip_seconds", "Round trip of the monitor's looks, smoothed.",
        [](const HostStats& host) { return seconds(host.round_trip); });
  gauge("sluice_host_breaker_open", "Whether a host's circuit breaker lets nothing through.",
        [](const HostStats& host) { return refuses(host) ? 1.0 : 0.0; });
  gauge("sluice_host_connections_used", "Connections to a host that are in use.",
        [](const HostStats& host) { return static_cast<double>(host.pool.used); });
  gauge("sluice_host_connections_idle", "Connections to a host that are idle.",
        [](const HostStats& host) { return static_cast<double>(host.pool.idle); });
  families.push_back(each_host(
      Family::counter("sluice_host_queries_total", "Calls that a host served, well or not."),
      databases, [](const HostStats& host) { return static_cast<double>(host.queries); }));
  families.push_back(each_host(
      Family::counter("sluice_host_errors_total", "Calls at a host that ended with an error."),
      databases, [](const HostStats& host) { return static_cast<double>(host.errors); }));
  return families;
}

}  // namespace sluice::metrics
