#include "app/commands/listing.h"

#include <charconv>
#include <chrono>
#include <ostream>
#include <utility>

#include "app/terminal/figures.h"

namespace sluice::app::commands {
namespace {

using terminal::Cell;

Cell cell_of(const json::Value& row, const Field& field) {
  if (field.show) return field.show(row);
  const json::Value* value = find_path(row, field.path);
  if (value == nullptr || value->is_null() || value->text().empty()) return {"-"};
  return {std::string(value->text())};
}

std::string draw_table(const json::Value& rows, const std::vector<Field>& fields, bool colour) {
  std::vector<terminal::Column> columns;
  for (const Field& field : fields) columns.push_back({field.title, field.align});
  terminal::Table table(std::move(columns));
  for (const json::Value& row : rows) {
    std::vector<Cell> cells;
    for (const Field& field : fields) cells.push_back(cell_of(row, field));
    table.add(std::move(cells));
  }
  return table.draw(terminal::Look::kPlain, colour);
}

void write_csv(Session& session, const json::Value& rows, const std::vector<Field>& fields) {
  std::vector<std::string> cells;
  for (const Field& field : fields) cells.push_back(field.path);
  write_line(session, csv_line(cells));
  for (const json::Value& row : rows) {
    cells.clear();
    for (const Field& field : fields) cells.push_back(text_at_path(row, field.path));
    write_line(session, csv_line(cells));
  }
}

}  // namespace

void write_line(Session& session, std::string_view text) {
  std::ostream& out = session.terminal.out;
  if (session.terminal.out_is_terminal) {
    out << terminal::printable(text) << "\n";
  } else {
    out << text << "\n";
  }
}

void write_list(Session& session, const client::Answer& whole, std::string_view rows,
                const std::vector<Field>& fields) {
  const json::Value* list = whole.root().find(rows);
  if (session.format == Format::kJson || list == nullptr) {
    write_line(session, whole.text());
    return;
  }
  if (session.format == Format::kNdjson) {
    for (const json::Value& row : *list) write_line(session, row.text());
  } else if (session.format == Format::kCsv) {
    write_csv(session, *list, fields);
  } else {
    session.terminal.out << draw_table(*list, fields, session.terminal.colour);
  }
}

const json::Value* find_path(const json::Value& value, std::string_view path) {
  const json::Value* at = &value;
  while (at != nullptr && !path.empty()) {
    if (at->kind() != json::Value::Kind::kObject) return nullptr;
    const auto point = path.find('.');
    at = at->find(path.substr(0, point));
    path = point == std::string_view::npos ? std::string_view() : path.substr(point + 1);
  }
  return at;
}

std::string text_at_path(const json::Value& value, std::string_view path) {
  const json::Value* found = find_path(value, path);
  return found == nullptr || found->is_null() ? std::string() : std::string(found->text());
}

double number_at(const json::Value& value, std::string_view path) {
  const json::Value* found = find_path(value, path);
  if (found == nullptr || found->kind() != json::Value::Kind::kNumber) return 0;
  double number = 0;
  std::from_chars(found->text().data(), found->text().data() + found->text().size(), number);
  return number;
}

std::string csv_cell(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

std::string csv_line(const std::vector<std::string>& cells) {
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) line += ',';
    line += csv_cell(cells[i]);
  }
  return line;
}

Field time_field(std::string title, std::string path) {
  const auto show = [path](const json::Value& row) -> Cell {
    const std::chrono::duration<double, std::milli> time(number_at(row, path));
    return {time.count() > 0 ? terminal::duration(time) : "-"};
  };
  return {std::move(title), path, terminal::Align::kRight, show};
}

Field count_field(std::string title, std::string path) {
  const auto show = [path](const json::Value& row) -> Cell {
    return {terminal::count(number_at(row, path))};
  };
  return {std::move(title), path, terminal::Align::kRight, show};
}

}  // namespace sluice::app::commands
