#pragma once

#include <string>
#include <vector>

#include "app/terminal/terminal.h"
#include "app/terminal/text.h"

namespace sluice::app::terminal {

struct Column {
  std::string title;
  Align align = Align::kLeft;
};

struct Cell {
  std::string text;  ///< any text: it is made printable
  Style style = Style::kPlain;
};

enum class Look {
  kPlain,  ///< columns apart by two spaces, for lists of our own
  kRuled,  ///< as psql draws the rows of a query
};

/// Rows below titles, aligned by the columns that characters really take.
class Table {
 public:
  explicit Table(std::vector<Column> columns);

  void add(std::vector<Cell> row);
  [[nodiscard]] std::string draw(Look look, bool colour) const;

 private:
  [[nodiscard]] std::string draw_row(const std::vector<Cell>& row, Look look, bool colour) const;
  [[nodiscard]] std::string rule() const;

  std::vector<Column> columns_;
  std::vector<int> widths_;
  std::vector<Cell> titles_;
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace sluice::app::terminal
