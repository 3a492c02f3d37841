#include "app/bench/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "app/terminal/figures.h"
#include "app/terminal/table.h"
#include "json/writer.h"

namespace sluice::app::bench {
namespace {

using terminal::Align;
using terminal::Style;

constexpr std::array<double, 7> kPercentiles{50, 75, 90, 95, 99, 99.9, 99.99};
constexpr int kBarColumns = 40;

std::string show(Nanoseconds time) { return terminal::duration(time); }

double milliseconds(Nanoseconds time) { return static_cast<double>(time.count()) / 1e6; }

/// The sum of all stages is what the gateway took; the rest is the way there and back.
double mean_stage(const Measured& measured, std::size_t stage) {
  return measured.staged == 0 ? 0 : measured.stage_ms[stage] / static_cast<double>(measured.staged);
}

std::string summary(const Report& report) {
  const Measured& measured = report.measured;
  const double share = measured.total() == 0 ? 0
                                             : 100.0 * static_cast<double>(measured.succeeded) /
                                                   static_cast<double>(measured.total());
  std::string text = fmt::format("{:.0f} requests/s  {} requests in {}  {} users  success {:.2f}%",
                                 measured.per_second(), measured.total(),
                                 terminal::duration(measured.elapsed), report.users, share);
  if (report.rate > 0) text += fmt::format("  asked for {:.0f}/s", report.rate);
  return text + "\n";
}

std::string latency_table(const Report& report) {
  terminal::Table table({{"LATENCY"}, {"CORRECTED", Align::kRight}, {"MEASURED", Align::kRight}});
  for (const double percent : kPercentiles) {
    table.add({{fmt::format("{:g}%", percent)},
               {show(report.corrected.percentile(percent / 100))},
               {show(report.measured.latencies.percentile(percent / 100))}});
  }
  table.add({{"slowest"}, {show(report.corrected.max())}, {show(report.measured.latencies.max())}});
  table.add({{"mean"}, {show(report.corrected.mean())}, {show(report.measured.latencies.mean())}});
  return table.draw(terminal::Look::kPlain, false);
}

/// 1, 1.5, 2, 3, 5, 7, 10, 15, … microseconds: about equally far apart on the logarithmic scale.
std::vector<Nanoseconds> bounds_between(Nanoseconds low, Nanoseconds high) {
  constexpr std::array<double, 6> kSteps{1, 1.5, 2, 3, 5, 7};
  std::vector<Nanoseconds> bounds;
  for (double decade = 1000; decade < 1e14; decade *= 10) {
    for (const double step : kSteps) {
      const Nanoseconds bound(std::llround(decade * step));
      if (bound > low) bounds.push_back(bound);
      if (bound >= high) return bounds;
    }
  }
  return bounds;
}

std::string histogram(const Latencies& latencies) {
  if (latencies.count() == 0) return {};
  terminal::Table table({{"UP TO", Align::kRight}, {"REQUESTS", Align::kRight}, {""}});
  std::int64_t before = 0;
  std::int64_t tallest = 1;
  std::vector<std::pair<Nanoseconds, std::int64_t>> rows;
  for (const Nanoseconds bound : bounds_between(latencies.min(), latencies.max())) {
    const std::int64_t within = latencies.count_within(bound);
    rows.emplace_back(bound, within - before);
    tallest = std::max(tallest, within - before);
    before = within;
  }
  for (const auto& [bound, count] : rows) {
    const double share = static_cast<double>(count) / static_cast<double>(tallest);
    table.add({{show(bound)}, {std::to_string(count)}, {bar(share, kBarColumns)}});
  }
  return table.draw(terminal::Look::kPlain, false);
}

std::string where_it_went(const Report& report) {
  const Measured& measured = report.measured;
  if (measured.staged == 0) return {};
  std::string text = "where the time went, on average: ";
  double sum = 0;
  for (std::size_t i = 0; i < kStages.size(); ++i) {
    const double time = mean_stage(measured, i);
    sum += time;
    text += fmt::format("{} {:.3f}ms  ", kStages[i], time);
  }
  const double rest = std::max(0.0, milliseconds(measured.latencies.mean()) - sum);
  return text + fmt::format("{} {:.3f}ms\n",
                            report.rate > 0 ? "before and on the way" : "on the way", rest);
}

/// Whether a good part of what the gateway took was waiting for a connection.
bool waits_for_connections(const Measured& measured) {
  constexpr double kGoodPart = 0.25;
  constexpr std::size_t kQueue = 1;
  static_assert(kStages[kQueue] == "queue");
  double sum = 0;
  for (const double each : measured.stage_ms) sum += each;
  return measured.stage_ms[kQueue] > kGoodPart * sum;
}

std::string pool_line(const Report& report) {
  const PoolPeak& pool = report.pool;
  if (pool.max_size == 0) return {};
  std::string text = fmt::format("pool: at most {} of {} connections in use, at most {} waiting\n",
                                 pool.used, pool.max_size, pool.waiting);
  if (waits_for_connections(report.measured)) {
    text += "      the pool is the limit here; --sweep-pool tries other sizes\n";
  }
  return text;
}

std::string failure_lines(const Measured& measured, bool colour) {
  std::string text;
  for (const auto& [code, count] : measured.failures) {
    text += terminal::styled(fmt::format("{} x {}", count, terminal::printable(code)), Style::kBad,
                             colour) +
            "\n";
  }
  if (!measured.first_failure.empty()) text += "first failure: " + measured.first_failure + "\n";
  return text;
}

std::string threshold_lines(const Report& report, bool colour) {
  std::string text;
  for (const Threshold& threshold : report.thresholds) {
    const Verdict verdict = judge(threshold, report.measured, report.corrected);
    text += fmt::format("threshold {}: {} ({})\n", threshold.text,
                        terminal::styled(verdict.met ? "met" : "missed",
                                         verdict.met ? Style::kGood : Style::kBad, colour),
                        with_unit(threshold, verdict.value));
  }
  return text;
}

void write_latencies(json::Writer& writer, std::string_view name, const Latencies& latencies) {
  writer.begin_object(name);
  for (const double percent : kPercentiles) {
    writer.field(fmt::format("p{:g}", percent), milliseconds(latencies.percentile(percent / 100)));
  }
  writer.field("min", milliseconds(latencies.min())).field("max", milliseconds(latencies.max()));
  writer.field("mean", milliseconds(latencies.mean()));
  writer.end_object();
}

void write_counts(json::Writer& writer, const Report& report) {
  const Measured& measured = report.measured;
  writer.field("users", report.users);
  if (report.rate > 0) writer.field("rate", report.rate);
  writer.field("requests", measured.total()).field("succeeded", measured.succeeded);
  writer.field("failed", measured.failed());
  writer.field("elapsed_ms", measured.elapsed.count() * 1000);
  writer.field("requests_per_second", measured.per_second());
  writer.begin_object("failures");
  for (const auto& [code, count] : measured.failures) writer.field(code, count);
  writer.end_object();
}

void write_thresholds(json::Writer& writer, const Report& report) {
  writer.begin_array("thresholds");
  for (const Threshold& threshold : report.thresholds) {
    const Verdict verdict = judge(threshold, report.measured, report.corrected);
    writer.begin_object().field("threshold", threshold.text).field("value", verdict.value);
    writer.field("met", verdict.met).end_object();
  }
  writer.end_array();
}

}  // namespace

Report make_report(Measured measured, PoolPeak pool, const Plan& plan) {
  const Latencies& latencies = measured.latencies;
  Latencies corrected = plan.rate > 0 ? latencies : latencies.corrected(latencies.percentile(0.5));
  return {.measured = std::move(measured),
          .corrected = std::move(corrected),
          .pool = pool,
          .users = plan.users,
          .rate = plan.rate,
          .thresholds = {}};
}

std::string bar(double share, int columns) {
  const auto length = static_cast<int>(std::lround(std::clamp(share, 0.0, 1.0) * columns));
  std::string text;
  for (int i = 0; i < length; ++i) text += "■";
  return text;
}

std::string to_text(const Report& report, bool colour) {
  return summary(report) + "\n" + latency_table(report) + "\n" +
         histogram(report.measured.latencies) + "\n" + where_it_went(report) + pool_line(report) +
         failure_lines(report.measured, colour) + threshold_lines(report, colour);
}

std::string to_json(const Report& report) {
  json::Writer writer;
  writer.begin_object();
  write_counts(writer, report);
  write_latencies(writer, "latency_ms", report.corrected);
  write_latencies(writer, "measured_latency_ms", report.measured.latencies);
  writer.begin_object("stages_ms");
  for (std::size_t i = 0; i < kStages.size(); ++i) {
    writer.field(kStages[i], mean_stage(report.measured, i));
  }
  writer.end_object();
  writer.begin_object("pool").field("max_size", report.pool.max_size);
  writer.field("max_used", report.pool.used).field("max_waiting", report.pool.waiting);
  writer.end_object();
  write_thresholds(writer, report);
  return writer.end_object().take();
}

bool all_met(const Report& report) {
  return std::all_of(report.thresholds.begin(), report.thresholds.end(), [&](const auto& each) {
    return judge(each, report.measured, report.corrected).met;
  });
}

}  // namespace sluice::app::bench
