#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "metrics/families.h"

namespace sluice::metrics {
namespace {

/// OpenTelemetry wants a word for what went wrong, and takes the status for it.
Family http_durations(const std::vector<HttpSeries>& series) {
  Family family =
      Family::histogram("http_server_request_duration_seconds",
                        "Duration of HTTP requests, from the whole head to the answer.");
  for (const HttpSeries& each : series) {
    const std::string status = std::to_string(each.status);
    Labels labels{{"http_request_method", each.method},
                  {"url_scheme", "http"},
                  {"http_route", each.route},
                  {"http_response_status_code", status}};
    if (each.status >= 500) labels.emplace_back("error_type", status);
    family.add(labels, each.duration);
  }
  return family;
}

Family stage_durations(const std::vector<Histogram>& stages) {
  Family family =
      Family::histogram("sluice_request_stage_seconds",
                        "Where the time of answered queries went, as in Server-Timing.");
  for (std::size_t i = 0; i < stages.size(); ++i) {
    family.add({{"stage", std::string(to_string(static_cast<Stage>(i)))}}, stages[i]);
  }
  return family;
}

Family auth_failures(const ProcessFacts& facts) {
  Family family =
      Family::counter("sluice_auth_failures_total", "Requests that were not let in, by reason.");
  for (std::size_t i = 0; i < kAuthFailures; ++i) {
    family.add({{"reason", std::string(to_string(static_cast<AuthFailure>(i)))}},
               static_cast<double>(facts.auth_failures[i]));
  }
  return family;
}

Family overloads(const ProcessFacts& facts) {
  Family family =
      Family::counter("sluice_requests_refused_total",
                      "Statements that the gateway did not work on, by the limit they met.");
  for (std::size_t i = 0; i < kOverloads; ++i) {
    family.add({{"limit", std::string(to_string(static_cast<Overload>(i)))}},
               static_cast<double>(facts.overloads[i]));
  }
  return family;
}

void add_in_flight(std::vector<Family>& families, const InFlightFacts& facts) {
  const auto gauge = [&families](std::string name, std::string help, auto value) {
    families.push_back(Family::gauge(std::move(name), std::move(help)));
    families.back().add({}, static_cast<double>(value));
  };
  gauge("sluice_in_flight_requests", "Statements under way.", facts.requests);
  gauge("sluice_in_flight_requests_max", "server.max_in_flight; 0 is no limit.",
        facts.max_requests);
  gauge("sluice_in_flight_bytes", "Bodies and large results under way.", facts.bytes);
  gauge("sluice_in_flight_bytes_max", "server.max_in_flight_bytes; 0 is no limit.",
        facts.max_bytes);
  gauge("sluice_connections_taken", "Connections of all databases together, and reservations.",
        facts.connections);
  gauge("sluice_connections_max", "pools.max_connections.", facts.max_connections);
  gauge("sluice_pools_waiting", "Pools that wait for leave to open a connection.",
        facts.pools_waiting);
}

void add_cache(std::vector<Family>& families, const CacheFacts& facts) {
  Family requests = Family::counter("sluice_result_cache_requests_total",
                                    "Queries with cache_ttl_ms, by what became of them.");
  requests.add({{"result", "hit"}}, static_cast<double>(facts.hits));
  requests.add({{"result", "miss"}}, static_cast<double>(facts.misses));
  requests.add({{"result", "shared"}}, static_cast<double>(facts.shared));
  families.push_back(std::move(requests));
  families.push_back(Family::gauge("sluice_result_cache_entries", "Results that are kept."));
  families.back().add({}, static_cast<double>(facts.entries));
  families.push_back(Family::gauge("sluice_result_cache_bytes", "Memory that they take."));
  families.back().add({}, static_cast<double>(facts.bytes));
  families.push_back(Family::gauge("sluice_result_cache_bytes_max", "server.result_cache_bytes."));
  families.back().add({}, static_cast<double>(facts.max_bytes));
}

void add_streams(std::vector<Family>& families, const StreamFacts& facts) {
  families.push_back(Family::counter("sluice_streams_started_total", "Streams that began."));
  families.back().add({}, static_cast<double>(facts.started));
  Family ended = Family::counter("sluice_streams_ended_total", "Streams that ended, by outcome.");
  for (std::size_t i = 0; i < kStreamEnds; ++i) {
    ended.add({{"outcome", std::string(to_string(static_cast<StreamEnd>(i)))}},
              static_cast<double>(facts.ended[i]));
  }
  families.push_back(std::move(ended));
  families.push_back(Family::counter("sluice_stream_bytes_total",
                                     "Bytes of streams, before they were compressed."));
  families.back().add({}, static_cast<double>(facts.bytes));
}

Family log_lines(const std::vector<LogLines>& lines) {
  Family family = Family::counter("sluice_log_messages_total", "Lines written to the log.");
  for (const LogLines& each : lines) {
    family.add({{"level", std::string(each.level)}}, static_cast<double>(each.count));
  }
  return family;
}

Family build_info(const ProcessFacts& facts) {
  Family build = Family::gauge("sluice_build_info", "What this process is made of; always 1.");
  build.add({{"version", facts.version},
             {"libpq_version", facts.libpq_version},
             {"compiler", __VERSION__}},
            1);
  return build;
}

/// Named as Prometheus names its own.
void add_reload(std::vector<Family>& families, const ReloadFacts& reload) {
  families.push_back(
      Family::gauge("sluice_config_last_reload_successful",
                    "0 after a reload that was refused because of mistakes, else 1."));
  families.back().add({}, reload.successful ? 1 : 0);
  const auto since_1970 = reload.succeeded_at.time_since_epoch();
  families.push_back(Family::gauge("sluice_config_last_reload_success_timestamp_seconds",
                                   "When the configuration was taken over last."));
  families.back().add({}, std::chrono::duration<double>(since_1970).count());
}

void add_usage(std::vector<Family>& families, const ProcessUsage& usage) {
  const auto known = [&](Family family, const std::optional<double>& value) {
    if (!value) return;
    family.add({}, *value);
    families.push_back(std::move(family));
  };
  known(Family::counter("process_cpu_seconds_total", "User and system CPU time spent."),
        usage.cpu_seconds);
  known(Family::gauge("process_resident_memory_bytes", "Resident memory."), usage.resident_bytes);
  known(Family::gauge("process_virtual_memory_bytes", "Virtual memory."), usage.virtual_bytes);
  known(Family::gauge("process_open_fds", "Open file descriptors."), usage.open_fds);
  known(Family::gauge("process_max_fds", "File descriptors that may be open."), usage.max_fds);
  known(Family::gauge("process_start_time_seconds", "Start time, in seconds since 1970."),
        usage.start_time_seconds);
}

}  // namespace

std::vector<Family> process_families(const ProcessFacts& facts) {
  std::vector<Family> families{http_durations(facts.http), stage_durations(facts.stages),
                               auth_failures(facts),       overloads(facts),
                               log_lines(facts.log_lines), build_info(facts)};
  if (facts.active_requests) {
    families.push_back(
        Family::gauge("http_server_active_requests", "Connections with a request in flight."));
    families.back().add({{"url_scheme", "http"}}, *facts.active_requests);
  }
  families.push_back(Family::gauge("sluice_draining", "1 while the process is shutting down."));
  families.back().add({}, facts.draining ? 1 : 0);
  if (facts.in_flight) add_in_flight(families, *facts.in_flight);
  add_streams(families, facts.streams);
  if (facts.cache) add_cache(families, *facts.cache);
  if (facts.reload) add_reload(families, *facts.reload);
  add_usage(families, facts.usage);
  return families;
}

}  // namespace sluice::metrics
