#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "sluice/stats.h"

namespace sluice::metrics {

/// The answers of one kind, over all workers.
struct HttpSeries {
  std::string method;
  std::string route;  ///< a template, "/query/:db_id"; never a path
  int status = 0;
  Histogram duration;
};

/// Counts the answers of one worker. `record` is called by that worker only; `merge` reads from any
/// thread meanwhile, without a lock: a series is published once by an atomic count and made of
/// atomic numbers, so that a reader is at most one answer behind. Figures of one series may be from
/// different moments; `merge` takes the count from the buckets, so that they always add up.
class HttpMetrics {
 public:
  /// What an answer is counted under. `method` and `route` come from closed sets.
  struct Labels {
    std::string_view method;
    std::string_view route;
    int status = 0;
  };

  HttpMetrics();
  ~HttpMetrics();
  HttpMetrics(const HttpMetrics&) = delete;
  HttpMetrics& operator=(const HttpMetrics&) = delete;

  void record(const Labels& labels, std::chrono::microseconds elapsed);

  /// The sum over several workers, sorted by route, method and status.
  [[nodiscard]] static std::vector<HttpSeries> merge(std::span<const HttpMetrics* const> workers);

 private:
  /// More kinds of answers than this are counted under the route "_OTHER".
  static constexpr std::size_t kMaxSeries = 1024;
  struct Series;

  Series& series_for(const Labels& labels);

  std::array<std::unique_ptr<Series>, kMaxSeries> series_;
  std::atomic<std::size_t> count_{0};  ///< how many of them readers may look at
  std::unordered_multimap<std::size_t, Series*>
      by_labels_;  ///< the worker's own; key: hash of labels
};

}  // namespace sluice::metrics
