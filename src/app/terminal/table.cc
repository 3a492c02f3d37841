#include "app/terminal/table.h"

#include <algorithm>
#include <utility>

namespace sluice::app::terminal {
namespace {

constexpr int kWidestCell = 500;  // what is wider would push everything else off the screen

}  // namespace

Table::Table(std::vector<Column> columns) : columns_(std::move(columns)) {
  for (Column& column : columns_) {
    column.title = printable(column.title);
    widths_.push_back(width(column.title));
    titles_.push_back({column.title, Style::kStrong});
  }
}

void Table::add(std::vector<Cell> row) {
  row.resize(columns_.size());
  for (std::size_t i = 0; i < row.size(); ++i) {
    row[i].text = shortened(printable(row[i].text), kWidestCell);
    widths_[i] = std::max(widths_[i], width(row[i].text));
  }
  rows_.push_back(std::move(row));
}

std::string Table::draw_row(const std::vector<Cell>& row, Look look, bool colour) const {
  const std::string between = look == Look::kRuled ? " | " : "  ";
  std::string line = look == Look::kRuled ? " " : "";
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (i > 0) line += between;
    const bool last = i + 1 == row.size();  // no spaces at the end of a line
    const int columns = last && columns_[i].align == Align::kLeft ? 0 : widths_[i];
    line += styled(padded(row[i].text, columns, columns_[i].align), row[i].style, colour);
  }
  while (line.ends_with(' ')) line.pop_back();
  return line + "\n";
}

std::string Table::rule() const {
  std::string line;
  for (std::size_t i = 0; i < widths_.size(); ++i) {
    if (i > 0) line += '+';
    line += std::string(static_cast<std::size_t>(widths_[i]) + 2, '-');
  }
  return line + "\n";
}

std::string Table::draw(Look look, bool colour) const {
  std::string text = draw_row(titles_, look, colour);
  if (look == Look::kRuled) text += rule();
  for (const auto& row : rows_) text += draw_row(row, look, colour);
  return text;
}

}  // namespace sluice::app::terminal
