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

}  // namespace

std::string prometheus_text(const std::vector<DatabaseStats>& databases,
                            const ProcessFacts& facts) {
  std::vector<prometheus::MetricFamily> families;
  const auto take = [&](std::vector<Family> some) {
    for (Family& each : some) {
      prometheus::MetricFamily family = each.take();
      if (!family.metric.empty()) families.push_back(std::move(family));
    }
  };
  take(query_families(databases));
  take(connection_families(databases));
  take(breaker_families(databases));
  take(process_families(facts));
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
