#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "app/commands/session.h"
#include "app/terminal/table.h"
#include "json/document.h"

namespace sluice::app::commands {

/// One column of a list: where its value is, and how people want to see it.
struct Field {
  std::string title;
  std::string path;  ///< "breaker.state"
  terminal::Align align = terminal::Align::kLeft;
  /// For tables; without one, the value as it is, and "-" for null.
  std::function<terminal::Cell(const json::Value& row)> show = {};
};

/// Writes a list of objects in the session's format. `whole` is the answer, for JSON; `rows` is the
/// array in it.
void write_list(Session& session, const client::Answer& whole, std::string_view rows,
                const std::vector<Field>& fields);

/// One line of data. Programs get it as it is; a terminal gets nothing that it would obey.
void write_line(Session& session, std::string_view text);

/// The member at a path, or null.
[[nodiscard]] const json::Value* find_path(const json::Value& value, std::string_view path);
[[nodiscard]] std::string text_at_path(const json::Value& value, std::string_view path);
/// Zero when it is missing or no number.
[[nodiscard]] double number_at(const json::Value& value, std::string_view path);

/// A cell of a CSV file (RFC 4180).
[[nodiscard]] std::string csv_cell(std::string_view text);
/// Cells with commas between.
[[nodiscard]] std::string csv_line(const std::vector<std::string>& cells);

/// Fields that many lists have. `path` leads to milliseconds.
[[nodiscard]] Field time_field(std::string title, std::string path);
[[nodiscard]] Field count_field(std::string title, std::string path);

}  // namespace sluice::app::commands
