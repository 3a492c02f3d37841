#include "app/commands/result_rows.h"

#include <algorithm>
#include <array>
#include <ostream>
#include <utility>

#include "app/client/problem.h"
#include "app/commands/listing.h"
#include "app/terminal/table.h"

namespace sluice::app::commands {
namespace {

constexpr std::array<std::string_view, 7> kNumberTypes{"int2",   "int4",   "int8", "numeric",
                                                       "float4", "float8", "oid"};

bool is_number_type(std::string_view type) {
  return std::find(kNumberTypes.begin(), kNumberTypes.end(), type) != kNumberTypes.end();
}

}  // namespace

void ResultRows::set_columns(const json::Value& columns) {
  for (const json::Value& column : columns) {
    names_.emplace_back(client::text_at(column, "name"));
    numbers_.push_back(is_number_type(client::text_at(column, "type")));
  }
}

void ResultRows::add(const json::Value& row) {
  std::vector<Cell> cells;
  for (const json::Value& value : row) {
    cells.push_back({std::string(value.is_null() ? "" : value.text()), value.is_null()});
  }
  rows_.push_back(std::move(cells));
}

std::size_t ResultRows::column_named(std::string_view name, bool number) {
  const auto found = std::find(names_.begin(), names_.end(), name);
  if (found != names_.end()) return static_cast<std::size_t>(found - names_.begin());
  names_.emplace_back(name);
  numbers_.push_back(number);
  return names_.size() - 1;
}

void ResultRows::add(std::string_view database, const json::Value& row) {
  std::vector<Cell> cells(names_.size());
  const auto put = [&](std::size_t column, Cell cell) {
    cells.resize(std::max(cells.size(), column + 1));
    cells[column] = std::move(cell);
  };
  if (names_.empty()) put(column_named("database", false), {});
  cells[0] = {std::string(database), false};
  for (const json::Value& value : row) {
    const bool number = value.kind() == json::Value::Kind::kNumber;
    put(column_named(value.key(), number),
        {std::string(value.is_null() ? "" : value.text()), value.is_null()});
  }
  rows_.push_back(std::move(cells));
}

std::string ResultRows::draw(bool colour) const {
  std::vector<terminal::Column> columns;
  for (std::size_t i = 0; i < names_.size(); ++i) {
    columns.push_back({names_[i], numbers_[i] ? terminal::Align::kRight : terminal::Align::kLeft});
  }
  terminal::Table table(std::move(columns));
  for (const auto& row : rows_) {
    std::vector<terminal::Cell> cells;
    for (const Cell& cell : row) {
      cells.push_back(cell.is_null ? terminal::Cell{"NULL", terminal::Style::kFaint}
                                   : terminal::Cell{cell.text});
    }
    table.add(std::move(cells));
  }
  return table.draw(terminal::Look::kRuled, colour);
}

void ResultRows::write_csv(Session& session) const {
  write_line(session, csv_line(names_));
  for (const auto& row : rows_) {
    std::vector<std::string> cells;
    for (const Cell& cell : row) cells.push_back(cell.text);
    cells.resize(names_.size());
    write_line(session, csv_line(cells));
  }
}

void ResultRows::write(Session& session) const {
  if (names_.empty()) return;
  if (session.format == Format::kCsv) {
    write_csv(session);
  } else {
    session.terminal.out << draw(session.terminal.colour);
  }
}

}  // namespace sluice::app::commands
