#include "metrics/http_metrics.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace sluice::metrics {
namespace {

using std::chrono::microseconds;

/// As OpenTelemetry advises for http.server.request.duration, and two below for fast answers.
constexpr std::array<microseconds, 16> kBounds{
    microseconds(1'000),     microseconds(2'500),     microseconds(5'000),
    microseconds(10'000),    microseconds(25'000),    microseconds(50'000),
    microseconds(75'000),    microseconds(100'000),   microseconds(250'000),
    microseconds(500'000),   microseconds(750'000),   microseconds(1'000'000),
    microseconds(2'500'000), microseconds(5'000'000), microseconds(7'500'000),
    microseconds(10'000'000)};

using Buckets = std::array<std::int64_t, kBounds.size() + 1>;

/// Only the worker writes, so that no read-modify-write is needed.
void add(std::atomic<std::int64_t>& number, std::int64_t more) {
  number.store(number.load(std::memory_order_relaxed) + more, std::memory_order_relaxed);
}

Histogram histogram_of(const Buckets& buckets, std::int64_t sum) {
  Histogram histogram;
  histogram.sum = microseconds(sum);
  for (std::size_t i = 0; i < buckets.size(); ++i) {
    histogram.count += buckets[i];
    if (i < kBounds.size()) histogram.buckets.push_back({kBounds[i], histogram.count});
  }
  return histogram;
}

}  // namespace

struct HttpMetrics::Series {
  const std::string method;
  const std::string route;
  const int status;
  std::array<std::atomic<std::int64_t>, kBounds.size() + 1> buckets{};
  std::atomic<std::int64_t> sum{0};

  [[nodiscard]] bool is(const Labels& labels) const {
    return status == labels.status && method == labels.method && route == labels.route;
  }
};

HttpMetrics::HttpMetrics() = default;
HttpMetrics::~HttpMetrics() = default;

void HttpMetrics::record(const Labels& labels, microseconds elapsed) {
  Series& series = series_for(labels);
  const auto bucket = std::lower_bound(kBounds.begin(), kBounds.end(), elapsed) - kBounds.begin();
  add(series.buckets[static_cast<std::size_t>(bucket)], 1);
  add(series.sum, elapsed.count());
}

HttpMetrics::Series& HttpMetrics::series_for(const Labels& labels) {
  const std::hash<std::string_view> hash;
  const std::size_t key =
      hash(labels.route) ^ (hash(labels.method) * 31) ^ static_cast<std::size_t>(labels.status);
  const auto [first, last] = by_labels_.equal_range(key);
  for (auto each = first; each != last; ++each) {
    if (each->second->is(labels)) return *each->second;
  }
  const std::size_t count = count_.load(std::memory_order_relaxed);
  if (count == kMaxSeries) return *series_.back();
  const bool last_one = count + 1 == kMaxSeries;
  series_[count].reset(new Series{std::string(last_one ? "_OTHER" : labels.method),
                                  std::string(last_one ? "_OTHER" : labels.route),
                                  last_one ? 0 : labels.status});
  Series& series = *series_[count];
  by_labels_.emplace(key, &series);
  count_.store(count + 1, std::memory_order_release);
  return series;
}

std::vector<HttpSeries> HttpMetrics::merge(std::span<const HttpMetrics* const> workers) {
  struct Sum {
    Buckets buckets{};
    std::int64_t sum = 0;
  };
  std::map<std::tuple<std::string, std::string, int>, Sum> sums;
  for (const HttpMetrics* worker : workers) {
    const std::size_t count = worker->count_.load(std::memory_order_acquire);
    for (std::size_t i = 0; i < count; ++i) {
      const Series& series = *worker->series_[i];
      Sum& sum = sums[{series.route, series.method, series.status}];
      for (std::size_t bucket = 0; bucket < sum.buckets.size(); ++bucket) {
        sum.buckets[bucket] += series.buckets[bucket].load(std::memory_order_relaxed);
      }
      sum.sum += series.sum.load(std::memory_order_relaxed);
    }
  }
  std::vector<HttpSeries> merged;
  merged.reserve(sums.size());
  for (const auto& [key, sum] : sums) {
    const auto& [route, method, status] = key;
    merged.push_back({method, route, status, histogram_of(sum.buckets, sum.sum)});
  }
  return merged;
}

}  // namespace sluice::metrics
