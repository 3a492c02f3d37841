#pragma once

#include <chrono>
#include <memory>
#include <vector>

#include "base/event_loop.h"
#include "metrics/http_metrics.h"

namespace sluice::gateway {

/// Counts answered requests, each worker by itself. `record` on a worker's thread; `series` from any.
class RequestMetrics {
 public:
  explicit RequestMetrics(std::vector<base::EventLoop*> workers);

  void record(const metrics::HttpMetrics::Labels& labels, std::chrono::microseconds elapsed);
  [[nodiscard]] std::vector<metrics::HttpSeries> series() const;

 private:
  struct Worker {
    base::EventLoop* loop;
    std::unique_ptr<metrics::HttpMetrics> counts;
  };
  std::vector<Worker> workers_;
};

}  // namespace sluice::gateway
