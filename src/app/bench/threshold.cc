#include "app/bench/threshold.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "app/terminal/figures.h"
#include "base/setting_text.h"

namespace sluice::app::bench {
namespace {

using client::ExitStatus;

double milliseconds(Nanoseconds time) { return static_cast<double>(time.count()) / 1e6; }

/// The number, if it is all there is.
std::optional<double> number_in(std::string_view text) {
  double number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// 99.9 for "p99.9".
std::optional<double> percentile_in(std::string_view measure) {
  if (!measure.starts_with('p')) return std::nullopt;
  const auto number = number_in(measure.substr(1));
  return number && *number > 0 && *number <= 100 ? number : std::nullopt;
}

bool is_share(std::string_view measure) { return measure == "errors" || measure == "success"; }

bool is_time(std::string_view measure) {
  return measure == "mean" || measure == "max" || percentile_in(measure).has_value();
}

std::optional<double> bound_in(std::string_view text, std::string_view measure) {
  if (is_time(measure)) {
    const auto time = terminal::read_duration(text);
    if (!time) return std::nullopt;
    return static_cast<double>(time->count());
  }
  if (is_share(measure) && text.ends_with('%')) text.remove_suffix(1);
  return number_in(text);
}

double share_of(std::int64_t part, std::int64_t whole) {
  return whole == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

double value_of(const std::string& measure, const Measured& measured, const Latencies& latencies) {
  if (measure == "mean") return milliseconds(latencies.mean());
  if (measure == "max") return milliseconds(latencies.max());
  if (measure == "rate") return measured.per_second();
  if (measure == "errors") return share_of(measured.failed(), measured.total());
  if (measure == "success") return share_of(measured.succeeded, measured.total());
  return milliseconds(latencies.percentile(percentile_in(measure).value_or(0) / 100));
}

bool holds(double value, const std::string& comparison, double bound) {
  if (comparison == "<") return value < bound;
  if (comparison == "<=") return value <= bound;
  return comparison == ">" ? value > bound : value >= bound;
}

}  // namespace

client::Outcome<Threshold> parse_threshold(std::string_view text) {
  const auto at = text.find_first_of("<>");
  if (at != std::string_view::npos) {
    const bool equal = text.substr(at + 1).starts_with('=');
    const std::string measure(text.substr(0, at));
    const bool known = is_time(measure) || is_share(measure) || measure == "rate";
    const auto bound = bound_in(text.substr(at + (equal ? 2 : 1)), measure);
    if (known && bound) {
      return Threshold{.text = std::string(text),
                       .measure = measure,
                       .comparison = std::string(text.substr(at, equal ? 2 : 1)),
                       .bound = *bound};
    }
  }
  return client::failed(ExitStatus::kFailure,
                        fmt::format("{} is no threshold; write p99<20ms, mean<5ms, max<1s, "
                                    "errors<1%, success>99.9% or rate>1000",
                                    base::in_quotes(text)));
}

Verdict judge(const Threshold& threshold, const Measured& measured, const Latencies& latencies) {
  const double value = value_of(threshold.measure, measured, latencies);
  // Without a single answer there is nothing that could have been fast enough.
  const bool measurable = !is_time(threshold.measure) || latencies.count() > 0;
  return {value, measurable && holds(value, threshold.comparison, threshold.bound)};
}

std::string with_unit(const Threshold& threshold, double value) {
  if (is_time(threshold.measure)) {
    return terminal::duration(std::chrono::duration<double, std::milli>(value));
  }
  return is_share(threshold.measure) ? fmt::format("{:.2f}%", value)
                                     : fmt::format("{:.0f}/s", value);
}

}  // namespace sluice::app::bench
