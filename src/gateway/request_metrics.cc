#include "gateway/request_metrics.h"

namespace sluice::gateway {

using metrics::Stage;

void RequestMetrics::record(const metrics::HttpMetrics::Labels& labels,
                            std::chrono::microseconds elapsed) {
  if (Counts* own = counts_.own()) own->http.record(labels, elapsed);
}

void RequestMetrics::record_stages(const QueryStages& stages) {
  Counts* own = counts_.own();
  if (!own) return;
  own->stages.record(Stage::kAuth, stages.auth);
  own->stages.record(Stage::kQueue, stages.timings.queue);
  own->stages.record(Stage::kConnect, stages.timings.connect);
  own->stages.record(Stage::kDatabase, stages.timings.database);
  own->stages.record(Stage::kEncode, stages.encode);
}

void RequestMetrics::count_auth_failure(metrics::AuthFailure reason) {
  Counts* own = counts_.own();
  if (own)
    own->auth_failures[static_cast<std::size_t>(reason)].fetch_add(1, std::memory_order_relaxed);
}

void RequestMetrics::count_overload(metrics::Overload reason) {
  if (Counts* own = counts_.own())
    own->overloads[static_cast<std::size_t>(reason)].fetch_add(1, std::memory_order_relaxed);
}

void RequestMetrics::count_stream_start() {
  if (Counts* own = counts_.own()) own->streams_started.fetch_add(1, std::memory_order_relaxed);
}

void RequestMetrics::count_stream_bytes(std::size_t bytes) {
  if (Counts* own = counts_.own())
    own->stream_bytes.fetch_add(static_cast<std::int64_t>(bytes), std::memory_order_relaxed);
}

void RequestMetrics::count_stream_end(metrics::StreamEnd end) {
  if (Counts* own = counts_.own())
    own->streams_ended[static_cast<std::size_t>(end)].fetch_add(1, std::memory_order_relaxed);
}

void RequestMetrics::add_streams_to(metrics::StreamFacts& facts, const Counts& worker) {
  for (std::size_t i = 0; i < metrics::kStreamEnds; ++i) {
    facts.ended[i] += worker.streams_ended[i].load(std::memory_order_relaxed);
  }
  facts.started += worker.streams_started.load(std::memory_order_relaxed);
  facts.bytes += worker.stream_bytes.load(std::memory_order_relaxed);
}

void RequestMetrics::add_to(metrics::ProcessFacts& facts) const {
  std::vector<const metrics::HttpMetrics*> http;
  std::vector<const metrics::StageMetrics*> stages;
  counts_.for_each([&](const base::EventLoop&, const Counts& worker) {
    http.push_back(&worker.http);
    stages.push_back(&worker.stages);
    for (std::size_t i = 0; i < metrics::kAuthFailures; ++i) {
      facts.auth_failures[i] += worker.auth_failures[i].load(std::memory_order_relaxed);
    }
    for (std::size_t i = 0; i < metrics::kOverloads; ++i) {
      facts.overloads[i] += worker.overloads[i].load(std::memory_order_relaxed);
    }
    add_streams_to(facts.streams, worker);
  });
  facts.http = metrics::HttpMetrics::merge(http);
  facts.stages = metrics::StageMetrics::merge(stages);
}

}  // namespace sluice::gateway
