#pragma once

#include <chrono>
#include <vector>

#include "gateway/per_worker.h"
#include "metrics/http_metrics.h"

namespace sluice::gateway {

/// Counts answered requests, each worker by itself. `record` on a worker's thread; `series` from
/// any.
class RequestMetrics {
 public:
  explicit RequestMetrics(const std::vector<base::EventLoop*>& workers) : counts_(workers) {}

  void record(const metrics::HttpMetrics::Labels& labels, std::chrono::microseconds elapsed);
  [[nodiscard]] std::vector<metrics::HttpSeries> series() const;

 private:
  PerWorker<metrics::HttpMetrics> counts_;
};

}  // namespace sluice::gateway
