#include "metrics/families.h"

namespace sluice::metrics {
namespace {

prometheus::ClientMetric metric_with(const Labels& labels) {
  prometheus::ClientMetric metric;
  metric.label.reserve(labels.size());
  for (const auto& [name, value] : labels) {
    metric.label.push_back({std::string(name), value});
  }
  return metric;
}

double seconds(std::chrono::duration<double> time) { return time.count(); }

}  // namespace

Family::Family(prometheus::MetricType type, std::string_view name, std::string_view help) {
  family_.name = name;
  family_.help = help;
  family_.type = type;
}

Family Family::gauge(std::string_view name, std::string_view help) {
  return {prometheus::MetricType::Gauge, name, help};
}
Family Family::counter(std::string_view name, std::string_view help) {
  return {prometheus::MetricType::Counter, name, help};
}
Family Family::histogram(std::string_view name, std::string_view help) {
  return {prometheus::MetricType::Histogram, name, help};
}

void Family::add(const Labels& labels, double value) {
  prometheus::ClientMetric metric = metric_with(labels);
  if (family_.type == prometheus::MetricType::Counter) {
    metric.counter.value = value;
  } else {
    metric.gauge.value = value;
  }
  family_.metric.push_back(std::move(metric));
}

void Family::add(const Labels& labels, const Histogram& histogram) {
  prometheus::ClientMetric metric = metric_with(labels);
  metric.histogram.sample_count = static_cast<std::uint64_t>(histogram.count);
  metric.histogram.sample_sum = seconds(histogram.sum);
  metric.histogram.bucket.reserve(histogram.buckets.size());
  for (const HistogramBucket& bucket : histogram.buckets) {
    metric.histogram.bucket.push_back(
        {static_cast<std::uint64_t>(bucket.cumulative), seconds(bucket.upper)});
  }
  family_.metric.push_back(std::move(metric));
}

void Family::add(const Labels& labels, const RowHistogram& histogram) {
  prometheus::ClientMetric metric = metric_with(labels);
  metric.histogram.sample_count = static_cast<std::uint64_t>(histogram.count);
  metric.histogram.sample_sum = static_cast<double>(histogram.sum);
  metric.histogram.bucket.reserve(histogram.buckets.size());
  for (const RowBucket& bucket : histogram.buckets) {
    metric.histogram.bucket.push_back(
        {static_cast<std::uint64_t>(bucket.cumulative), static_cast<double>(bucket.upper)});
  }
  family_.metric.push_back(std::move(metric));
}

}  // namespace sluice::metrics
