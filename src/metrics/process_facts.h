#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/http_metrics.h"
#include "metrics/stage_metrics.h"

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

/// How the text is made.
struct TextOptions {
  bool pgbouncer_names = false;      ///< also as pgbouncer_exporter calls it
  std::int64_t max_series = 50'000;  ///< at most so many samples
};

/// Why a request was not let in.
enum class AuthFailure { kMissing, kWrong, kForbidden };
inline constexpr std::size_t kAuthFailures = 3;
[[nodiscard]] std::string_view to_string(AuthFailure failure);

/// Why a statement was not worked on.
enum class Overload { kInFlight, kBytes, kRate, kConcurrent };
inline constexpr std::size_t kOverloads = 4;
[[nodiscard]] std::string_view to_string(Overload overload);

/// How an answer ended that was given while it came.
enum class StreamEnd { kComplete, kFailed, kTimeout, kCancelled, kClientGone, kSlowReader };
inline constexpr std::size_t kStreamEnds = 6;
[[nodiscard]] std::string_view to_string(StreamEnd end);

/// Answers that were given while they came; those of which nothing was sent are not among them.
struct StreamFacts {
  std::int64_t started = 0;
  std::array<std::int64_t, kStreamEnds> ended{};
  std::int64_t bytes = 0;  ///< before they were compressed
};

/// What is under way in the process as a whole, and what may be; 0: no limit.
struct InFlightFacts {
  std::int64_t requests = 0;
  std::int64_t max_requests = 0;
  std::int64_t bytes = 0;
  std::int64_t max_bytes = 0;
  int connections = 0;  ///< only counted while they are limited
  int max_connections = 0;
  int pools_waiting = 0;  ///< for leave to open one
};

/// Results that are kept for those who want no new ones.
struct CacheFacts {
  std::int64_t hits = 0;
  std::int64_t misses = 0;
  std::int64_t shared = 0;  ///< waited for one that was being made for another
  std::int64_t entries = 0;
  std::int64_t bytes = 0;
  std::int64_t max_bytes = 0;
};

/// Lines of the log, by level.
struct LogLines {
  std::string_view level;
  std::int64_t count;
};

/// Whether the configuration could be read again the last time it was tried.
struct ReloadFacts {
  bool successful = true;
  std::chrono::system_clock::time_point succeeded_at{};  ///< the last time; at first, the start
};

/// What is told about the process beside its databases.
struct ProcessFacts {
  std::string version;        ///< of Sluice
  std::string libpq_version;  ///< "15.8"
  bool draining = false;
  std::vector<HttpSeries> http;
  std::vector<Histogram> stages;  ///< by Stage; may be empty
  std::array<std::int64_t, kAuthFailures> auth_failures{};
  std::array<std::int64_t, kOverloads> overloads{};
  StreamFacts streams;
  std::optional<InFlightFacts> in_flight;
  std::optional<CacheFacts> cache;
  std::optional<double> active_requests;
  std::vector<LogLines> log_lines;
  std::optional<ReloadFacts> reload;
  ProcessUsage usage;
  TextOptions text;
};

}  // namespace sluice::metrics
