#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "json/writer.h"
#include "sluice/stats.h"

namespace sluice::json {

// What several reports have in common, under the same names in each.

/// Used ÷ max_size in percent.
[[nodiscard]] double utilization(const DatabaseStats& stats);
/// {"key": count, …}
void write_counts(Writer& writer, std::string_view name,
                  const std::map<std::string, std::int64_t>& counts);
/// {"p50", "p95", "p99"}, in milliseconds.
void write_percentiles(Writer& writer, std::string_view name, const Percentiles& times);
/// "breaker": {…}
void write_breaker(Writer& writer, const BreakerStatus& breaker,
                   std::chrono::system_clock::time_point now);
/// "overload": {…}: who was refused early, and how many connections are lent at once. Null there:
/// that is switched off, or there was no reason yet.
void write_overload(Writer& writer, const PoolStats& pool);
/// "pool": {…}
void write_pool(Writer& writer, const DatabaseStats& stats);
/// Nothing for a database with a single host.
void write_hosts(Writer& writer, const DatabaseStats& stats);
/// What a database is and does, without its settings: members of an object that is open.
void write_summary(Writer& writer, const DatabaseStats& stats,
                   std::chrono::system_clock::time_point now);

}  // namespace sluice::json
