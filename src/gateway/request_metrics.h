#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <vector>

#include "gateway/per_worker.h"
#include "metrics/http_metrics.h"
#include "metrics/process_facts.h"
#include "metrics/stage_metrics.h"
#include "sluice/query.h"

namespace sluice::gateway {

/// Where the time of an answered query went.
struct QueryStages {
  std::chrono::microseconds auth;
  Timings timings;
  std::chrono::microseconds encode;
};

/// Counts answered requests, each worker by itself. `record…` and `count…` on a worker's thread;
/// `add_to` on any.
class RequestMetrics {
 public:
  explicit RequestMetrics(const std::vector<base::EventLoop*>& workers) : counts_(workers) {}

  void record(const metrics::HttpMetrics::Labels& labels, std::chrono::microseconds elapsed);
  void record_stages(const QueryStages& stages);
  void count_auth_failure(metrics::AuthFailure reason);
  void count_overload(metrics::Overload reason);
  void count_stream_start();
  void count_stream_bytes(std::size_t bytes);
  void count_stream_end(metrics::StreamEnd end);

  /// Fills in what was counted.
  void add_to(metrics::ProcessFacts& facts) const;

 private:
  struct Counts {
    metrics::HttpMetrics http;
    metrics::StageMetrics stages;
    std::array<std::atomic<std::int64_t>, metrics::kAuthFailures> auth_failures{};
    std::array<std::atomic<std::int64_t>, metrics::kOverloads> overloads{};
    std::atomic<std::int64_t> streams_started{0};
    std::array<std::atomic<std::int64_t>, metrics::kStreamEnds> streams_ended{};
    std::atomic<std::int64_t> stream_bytes{0};
  };
  static void add_streams_to(metrics::StreamFacts& facts, const Counts& worker);

  PerWorker<Counts> counts_;
};

}  // namespace sluice::gateway
