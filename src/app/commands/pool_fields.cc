#include "app/commands/pool_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "app/terminal/figures.h"

namespace sluice::app::commands {
namespace {

using terminal::Align;
using terminal::Cell;
using terminal::Style;

constexpr double kHighErrorRate = 0.05;

/// The breaker's state, unless the database itself is in another than its usual one.
std::string state_of(const json::Value& pool) {
  const std::string state = text_at_path(pool, "state");
  return state.empty() || state == "active" ? text_at_path(pool, "breaker.state") : state;
}

Cell state_cell(const json::Value& pool) {
  constexpr std::array<Style, 4> kStyles{Style::kGood, Style::kWarning, Style::kWarning,
                                         Style::kBad};
  return {state_of(pool), kStyles[static_cast<std::size_t>(severity(pool))]};
}

Cell connections_cell(const json::Value& pool) {
  return {fmt::format("{:.0f}/{:.0f}", number_at(pool, "used_connections"),
                      number_at(pool, "max_size"))};
}

Cell error_cell(const json::Value& pool) {
  const double rate = number_at(pool, "error_rate");
  return {fmt::format("{:.1f}", 100 * rate),
          rate >= kHighErrorRate ? Style::kWarning : Style::kPlain};
}

/// The most frequent error since the database was registered: "57P03 x29".
Cell top_error_cell(const json::Value& pool) {
  const json::Value* errors = pool.find("errors_by_sqlstate");
  const json::Value* top = nullptr;
  if (errors == nullptr || errors->kind() != json::Value::Kind::kObject) return {"-"};
  const auto count_of = [](const json::Value& count) { return number_at(count, ""); };
  for (const json::Value& each : *errors) {
    if (top == nullptr || count_of(each) > count_of(*top)) top = &each;
  }
  if (top == nullptr) return {"-"};
  return {fmt::format("{} x{}", top->key(), terminal::count(count_of(*top)))};
}

/// "1 primary 2 replicas": what they are, those that do not answer apart.
Cell hosts_cell(const json::Value& pool) {
  constexpr std::array<std::string_view, 4> kKinds{"primary", "replica", "unknown", "down"};
  constexpr std::array<std::string_view, 4> kMany{"primaries", "replicas", "unknown", "down"};
  const json::Value* hosts = pool.find("hosts");
  if (hosts == nullptr) return {"-"};
  std::array<int, 4> counts{};
  for (const json::Value& host : *hosts) {
    const auto role = text_at_path(host, "up") == "false" ? "down" : text_at_path(host, "role");
    const auto kind = std::find(kKinds.begin(), kKinds.end(), role);
    if (kind != kKinds.end()) ++counts[static_cast<std::size_t>(kind - kKinds.begin())];
  }
  std::string text;
  for (std::size_t i = 0; i < kKinds.size(); ++i) {
    if (counts[i] == 0) continue;
    const auto word = counts[i] == 1 ? kKinds[i] : kMany[i];
    text += fmt::format("{}{} {}", text.empty() ? "" : " ", counts[i], word);
  }
  const bool well = counts[0] == 1 && counts[2] + counts[3] == 0;
  return {text, well ? Style::kPlain : Style::kWarning};
}

}  // namespace

bool has_hosts(const json::Value& pool) { return pool.find("hosts") != nullptr; }

bool refuses_calls(const json::Value& pool) {
  const std::string state = text_at_path(pool, "breaker.state");
  return state == "open" || state == "forced_open";
}

int severity(const json::Value& pool) {
  const std::string state = state_of(pool);
  if (refuses_calls(pool)) return 3;
  if (state != "closed") return 2;
  const bool crowded = number_at(pool, "waiting") > 0;
  return crowded || number_at(pool, "error_rate") >= kHighErrorRate ? 1 : 0;
}

std::vector<Field> pool_fields(bool hosts) {
  Field p50 = time_field("P50", "query_ms.p50");
  Field p99 = time_field("P99", "query_ms.p99");
  std::vector<Field> fields{{"DATABASE", "db_id"},
                            {"STATE", "breaker.state", Align::kLeft, state_cell},
                            time_field("SINCE", "breaker.in_state_for_ms"),
                            {"CONN", "used_connections", Align::kRight, connections_cell},
                            count_field("WAIT", "waiting"),
                            count_field("REQ/S", "queries_per_second"),
                            {"ERR%", "error_rate", Align::kRight, error_cell},
                            std::move(p50),
                            std::move(p99),
                            {"TOP ERROR", "errors_by_sqlstate", Align::kLeft, top_error_cell}};
  if (hosts) fields.push_back({"HOSTS", "hosts", Align::kLeft, hosts_cell});
  return fields;
}

}  // namespace sluice::app::commands
