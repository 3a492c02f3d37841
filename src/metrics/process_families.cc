#include <string>

#include "metrics/families.h"

namespace sluice::metrics {
namespace {

Family http_durations(const std::vector<HttpSeries>& series) {
  Family family =
      Family::histogram("http_server_request_duration_seconds",
                        "Duration of HTTP requests, from the whole head to the answer.");
  for (const HttpSeries& each : series) {
    family.add({{"http_request_method", each.method},
                {"url_scheme", "http"},
                {"http_route", each.route},
                {"http_response_status_code", std::to_string(each.status)}},
               each.duration);
  }
  return family;
}

}  // namespace

std::vector<Family> process_families(const ProcessFacts& facts) {
  std::vector<Family> families{http_durations(facts.http)};
  Family build = Family::gauge("sluice_build_info", "What this process is made of; always 1.");
  build.add({{"version", facts.version},
             {"libpq_version", facts.libpq_version},
             {"compiler", __VERSION__}},
            1);
  families.push_back(std::move(build));
  Family draining = Family::gauge("sluice_draining", "1 while the process is shutting down.");
  draining.add({}, facts.draining ? 1 : 0);
  families.push_back(std::move(draining));

  const auto known = [&](Family family, const std::optional<double>& value) {
    if (!value) return;
    family.add({}, *value);
    families.push_back(std::move(family));
  };
  const ProcessUsage& usage = facts.usage;
  known(Family::counter("process_cpu_seconds_total", "User and system CPU time spent."),
        usage.cpu_seconds);
  known(Family::gauge("process_resident_memory_bytes", "Resident memory."), usage.resident_bytes);
  known(Family::gauge("process_virtual_memory_bytes", "Virtual memory."), usage.virtual_bytes);
  known(Family::gauge("process_open_fds", "Open file descriptors."), usage.open_fds);
  known(Family::gauge("process_max_fds", "File descriptors that may be open."), usage.max_fds);
  known(Family::gauge("process_start_time_seconds", "Start time, in seconds since 1970."),
        usage.start_time_seconds);
  return families;
}

}  // namespace sluice::metrics
