#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "metrics/process_facts.h"
#include "sluice/stats.h"

/// The metrics as scrapers read them. Names: OpenTelemetry's (db_client_*, http_server_*) where it
/// has one, so that ready-made dashboards work; sluice_* for the rest. Labels are closed sets.
namespace sluice::metrics {

inline constexpr std::string_view kPrometheusContentType =
    "text/plain; version=0.0.4; charset=utf-8";
inline constexpr std::string_view kOpenMetricsContentType =
    "application/openmetrics-text; version=1.0.0; charset=utf-8";

[[nodiscard]] std::string prometheus_text(const std::vector<DatabaseStats>& databases,
                                          const ProcessFacts& facts);
[[nodiscard]] std::string openmetrics_text(const std::vector<DatabaseStats>& databases,
                                           const ProcessFacts& facts);

}  // namespace sluice::metrics
