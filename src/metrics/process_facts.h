#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "metrics/http_metrics.h"

namespace sluice::metrics {

/// What the operating system says of this process; empty where it says nothing.
struct ProcessUsage {
  std::optional<double> cpu_seconds;
  std::optional<double> resident_bytes;
  std::optional<double> virtual_bytes;
  std::optional<double> open_fds;
  std::optional<double> max_fds;
  std::optional<double> start_time_seconds;  ///< since 1970
};
/// Reads /proc/self. Some system calls, a few microseconds and one per thousand open descriptors.
[[nodiscard]] ProcessUsage read_process_usage();

/// What is told about the process beside its databases.
struct ProcessFacts {
  std::string version;        ///< of Sluice
  std::string libpq_version;  ///< "15.8"
  bool draining = false;
  std::vector<HttpSeries> http;
  ProcessUsage usage;
};

}  // namespace sluice::metrics
