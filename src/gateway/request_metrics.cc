#include "gateway/request_metrics.h"

namespace sluice::gateway {

void RequestMetrics::record(const metrics::HttpMetrics::Labels& labels,
                            std::chrono::microseconds elapsed) {
  if (metrics::HttpMetrics* own = counts_.own()) own->record(labels, elapsed);
}

std::vector<metrics::HttpSeries> RequestMetrics::series() const {
  std::vector<const metrics::HttpMetrics*> counts;
  counts_.for_each([&counts](const base::EventLoop&, const metrics::HttpMetrics& worker) {
    counts.push_back(&worker);
  });
  return metrics::HttpMetrics::merge(counts);
}

}  // namespace sluice::gateway
