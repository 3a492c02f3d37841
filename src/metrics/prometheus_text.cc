#include "metrics/prometheus_text.h"

#include <prometheus/text_serializer.h>

#include <algorithm>

#include "metrics/families.h"

namespace sluice::metrics {
namespace {

/// OpenMetrics names a counter's family without the "_total" that its samples have.
std::string family_line(std::string_view line) {
  constexpr std::string_view kTotal = "_total";
  const std::size_t name = line.find(' ', 2) + 1;
  const std::size_t end = std::min(line.find(' ', name), line.size());
  std::string_view family = line.substr(name, end - name);
  if (family.ends_with(kTotal)) family.remove_suffix(kTotal.size());
  return std::string(line.substr(0, name)) + std::string(family) + std::string(line.substr(end));
}

using Families = std::vector<prometheus::MetricFamily>;

void append(Families& families, std::vector<Family> some) {
  for (Family& each : some) {
    prometheus::MetricFamily family = each.take();
    if (!family.metric.empty()) families.push_back(std::move(family));
  }
}

Families database_part(const std::vector<DatabaseStats>& databases, const TextOptions& options) {
  Families families;
  append(families, query_families(databases));
  append(families, connection_families(databases));
  append(families, breaker_families(databases));
  append(families, host_families(databases));
  if (options.pgbouncer_names) append(families, pgbouncer_families(databases));
  return families;
}

/// A histogram is a series per bucket, the one for infinity, a sum and a count.
std::size_t samples_in(const Families& families) {
  std::size_t samples = 0;
  for (const prometheus::MetricFamily& family : families) {
    const bool histogram = family.type == prometheus::MetricType::Histogram;
    for (const auto& metric : family.metric) {
      samples += histogram ? metric.histogram.bucket.size() + 3 : 1;
    }
  }
  return samples;
}

/// Whole databases are left out, the last ones by their id: a database with half of its figures
/// would make every sum wrong in a way of its own. Returns how many series that were.
std::size_t fit(Families& families, std::vector<DatabaseStats> databases,
                const TextOptions& options) {
  const std::size_t wanted = samples_in(families);
  std::sort(databases.begin(), databases.end(),
            [](const auto& a, const auto& b) { return a.db_id < b.db_id; });
  const auto most = static_cast<std::size_t>(options.max_series);
  while (!databases.empty() && samples_in(families) > most) {
    const std::size_t keep = databases.size() * most / samples_in(families);
    databases.resize(std::min(keep, databases.size() - 1));
    families = database_part(databases, options);
  }
  return wanted - samples_in(families);
}

}  // namespace

std::string prometheus_text(const std::vector<DatabaseStats>& databases,
                            const ProcessFacts& facts) {
  Families families = database_part(databases, facts.text);
  const bool too_many = samples_in(families) > static_cast<std::size_t>(facts.text.max_series);
  const std::size_t dropped = too_many ? fit(families, databases, facts.text) : 0;
  append(families, process_families(facts));
  Family left_out = Family::gauge(
      "sluice_metrics_dropped_series",
      "Series of databases that metrics.max_series leaves out, the last ones by their id.");
  left_out.add({}, static_cast<double>(dropped));
  families.push_back(left_out.take());
  return prometheus::TextSerializer().Serialize(families);
}

std::string openmetrics_text(const std::vector<DatabaseStats>& databases,
                             const ProcessFacts& facts) {
  const std::string text = prometheus_text(databases, facts);
  std::string result;
  result.reserve(text.size() + 8);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = std::string_view(text).substr(at, end - at);
    result += line.starts_with("# ") ? family_line(line) : std::string(line);
    result += '\n';
    at = end + 1;
  }
  return result + "# EOF\n";
}

}  // namespace sluice::metrics
