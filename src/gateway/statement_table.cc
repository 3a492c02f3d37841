#include "gateway/statement_table.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "gateway/sql_display.h"

namespace sluice::gateway {
namespace {

constexpr std::size_t kTextsPerStatement = 4;
constexpr double kFading = 0.9;

/// Two statements with one hash would be counted as one: with 64 bits, never in practice.
std::uint64_t hash_of(std::string_view db_id, std::string_view sql) {
  const std::hash<std::string_view> hash;
  constexpr std::uint64_t kOdd = 0x9E3779B97F4A7C15;
  return hash(sql) ^ (hash(db_id) * kOdd);
}

}  // namespace

std::uint64_t StatementTable::find(std::string_view db_id, std::string_view sql) {
  const auto text = hash_of(db_id, sql);
  const auto known = by_text_.find(text);
  if (known != by_text_.end() && by_look_.contains(known->second)) return known->second;
  if (by_text_.size() >= capacity_ * kTextsPerStatement) by_text_.clear();
  const auto look = add(db_id, sql);
  by_text_[text] = look;
  return look;
}

std::uint64_t StatementTable::add(std::string_view db_id, std::string_view sql) {
  auto displayed = displayed_sql(sql);
  const auto look = hash_of(db_id, displayed);
  if (by_look_.contains(look)) return look;
  if (by_look_.size() >= capacity_) make_room();
  Entry& entry = by_look_[look];
  entry.figures.db_id = db_id;
  entry.figures.sql = std::move(displayed);
  return look;
}

/// A quarter goes at a time, so that a flood of new statements costs each of them little.
void StatementTable::make_room() {
  std::vector<double> values;
  values.reserve(by_look_.size());
  for (const auto& [look, entry] : by_look_) values.push_back(entry.value);
  const auto last_to_go = values.begin() + static_cast<std::ptrdiff_t>((values.size() - 1) / 4);
  std::nth_element(values.begin(), last_to_go, values.end());
  auto left = static_cast<std::size_t>(last_to_go - values.begin()) + 1;
  const double limit = *last_to_go;
  std::erase_if(by_look_, [&](const auto& item) {
    if (left == 0 || item.second.value > limit) return false;
    --left;
    return true;
  });
  for (auto& [look, entry] : by_look_) entry.value *= kFading;
}

const StatementFigures* StatementTable::record(std::uint64_t statement, const StatementRun& run) {
  const auto found = by_look_.find(statement);
  if (found == by_look_.end()) return nullptr;
  StatementFigures& figures = found->second.figures;
  ++figures.calls;
  figures.errors += run.failed ? 1 : 0;
  figures.rows += run.rows;
  figures.total += run.took;
  figures.max = std::max(figures.max, run.took);
  figures.last_used = run.at;
  found->second.value += 1 + std::chrono::duration<double, std::milli>(run.took).count();
  return &figures;
}

std::vector<StatementFigures> StatementTable::figures() const {
  std::vector<StatementFigures> all;
  for (const auto& [look, entry] : by_look_) {
    if (entry.figures.calls > 0) all.push_back(entry.figures);
  }
  return all;
}

}  // namespace sluice::gateway
