#pragma once

#include <prometheus/metric_family.h>

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "metrics/process_facts.h"
#include "sluice/stats.h"

namespace sluice::metrics {

using Labels = std::vector<std::pair<std::string_view, std::string>>;

/// One metric family under construction: a name, what it means, and its series.
class Family {
 public:
  static Family gauge(std::string_view name, std::string_view help);
  static Family counter(std::string_view name, std::string_view help);
  static Family histogram(std::string_view name, std::string_view help);

  void add(const Labels& labels, double value);
  void add(const Labels& labels, const Histogram& histogram);
  void add(const Labels& labels, const RowHistogram& histogram);
  [[nodiscard]] prometheus::MetricFamily take() { return std::move(family_); }

 private:
  Family(prometheus::MetricType type, std::string_view name, std::string_view help);

  prometheus::MetricFamily family_;
};

/// The families about databases: OpenTelemetry's for connections and operations, and our own.
[[nodiscard]] std::vector<Family> connection_families(const std::vector<DatabaseStats>& databases);
[[nodiscard]] std::vector<Family> query_families(const std::vector<DatabaseStats>& databases);
[[nodiscard]] std::vector<Family> breaker_families(const std::vector<DatabaseStats>& databases);
[[nodiscard]] std::vector<Family> host_families(const std::vector<DatabaseStats>& databases);
/// For `metrics.compat: [pgbouncer]`.
[[nodiscard]] std::vector<Family> pgbouncer_families(const std::vector<DatabaseStats>& databases);
/// Those about the process itself.
[[nodiscard]] std::vector<Family> process_families(const ProcessFacts& facts);

}  // namespace sluice::metrics
