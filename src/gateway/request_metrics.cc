#include "gateway/request_metrics.h"

namespace sluice::gateway {

RequestMetrics::RequestMetrics(std::vector<base::EventLoop*> workers) {
  workers_.reserve(workers.size());
  for (base::EventLoop* loop : workers) {
    workers_.push_back({loop, std::make_unique<metrics::HttpMetrics>()});
  }
}

void RequestMetrics::record(const metrics::HttpMetrics::Labels& labels,
                            std::chrono::microseconds elapsed) {
  for (const Worker& worker : workers_) {
    if (worker.loop->is_current()) return worker.counts->record(labels, elapsed);
  }
}

std::vector<metrics::HttpSeries> RequestMetrics::series() const {
  std::vector<const metrics::HttpMetrics*> counts;
  counts.reserve(workers_.size());
  for (const Worker& worker : workers_) counts.push_back(worker.counts.get());
  return metrics::HttpMetrics::merge(counts);
}

}  // namespace sluice::gateway
