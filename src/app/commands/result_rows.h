#pragma once

#include <string>
#include <vector>

#include "app/commands/session.h"
#include "json/document.h"

namespace sluice::app::commands {

/// The rows of one or of many answers, gathered for a table or for CSV.
class ResultRows {
 public:
  /// The columns of an answer with arrays, in their order.
  void set_columns(const json::Value& columns);
  /// A row as an array.
  void add(const json::Value& row);
  /// A row as an object, of one of many databases. Columns come in the order in which they appear.
  void add(std::string_view database, const json::Value& row);

  [[nodiscard]] std::size_t size() const { return rows_.size(); }
  /// As a table or as CSV, to the terminal's `out`. Nothing when there is no column.
  void write(Session& session) const;

 private:
  /// What one cell is shown as; null is no text.
  struct Cell {
    std::string text;
    bool is_null = true;
  };
  [[nodiscard]] std::size_t column_named(std::string_view name, bool number);
  [[nodiscard]] std::string draw(bool colour) const;
  void write_csv(Session& session) const;

  std::vector<std::string> names_;
  std::vector<bool> numbers_;  ///< align to the right
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace sluice::app::commands
