#include "app/bench/steps.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/terminal/figures.h"
#include "app/terminal/table.h"
#include "json/writer.h"

namespace sluice::app::bench {
namespace {

using terminal::Align;

constexpr double kNearly = 0.95;
constexpr int kBarColumns = 30;

double best_rate(const std::vector<Step>& steps) {
  double best = 0;
  for (const Step& step : steps) best = std::max(best, step.report.measured.per_second());
  return best;
}

}  // namespace

const Step* best_size(const std::vector<Step>& steps) {
  const double enough = kNearly * best_rate(steps);
  if (enough <= 0) return nullptr;
  const Step* best = nullptr;
  for (const Step& step : steps) {
    const bool fast = step.report.measured.per_second() >= enough;
    if (fast && (best == nullptr || step.size < best->size)) best = &step;
  }
  return best;
}

std::string draw_steps(const std::string& title, const std::vector<Step>& steps) {
  terminal::Table table({{title, Align::kRight},
                         {"REQ/S", Align::kRight},
                         {"P50", Align::kRight},
                         {"P99", Align::kRight},
                         {"IN USE", Align::kRight},
                         {"WAITING", Align::kRight},
                         {"FAILED", Align::kRight},
                         {""}});
  const double best = std::max(1.0, best_rate(steps));
  for (const auto& [size, report] : steps) {
    const double rate = report.measured.per_second();
    table.add({{std::to_string(size)},
               {fmt::format("{:.0f}", rate)},
               {terminal::duration(report.corrected.percentile(0.5))},
               {terminal::duration(report.corrected.percentile(0.99))},
               {fmt::format("{}/{}", report.pool.used, report.pool.max_size)},
               {std::to_string(report.pool.waiting)},
               {std::to_string(report.measured.failed())},
               {bar(rate / best, kBarColumns)}});
  }
  return table.draw(terminal::Look::kPlain, false);
}

std::string steps_to_json(const std::string& name, const std::vector<Step>& steps) {
  json::Writer writer;
  writer.begin_object().begin_array("steps");
  for (const Step& step : steps) {
    writer.begin_object().field(name, step.size);
    writer.raw_field("result", to_json(step.report)).end_object();
  }
  writer.end_array();
  const Step* best = best_size(steps);
  if (best != nullptr) writer.field("best_" + name, best->size);
  return writer.end_object().take();
}

}  // namespace sluice::app::bench
