#include "app/top/view.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "app/client/problem.h"
#include "app/commands/listing.h"
#include "app/commands/pool_fields.h"
#include "app/terminal/figures.h"
#include "app/terminal/table.h"

namespace sluice::app::top {
namespace {

using commands::number_at;
using commands::text_at_path;
using terminal::Style;
using Rows = std::vector<const json::Value*>;
using Milliseconds = std::chrono::duration<double, std::milli>;

constexpr const char* kHelp = R"(Keys
  q           end
  Space       pause, go on
  + -         look less often, more often (0.5 to 5 s)
  /           show only databases whose name has this; Enter, Esc: all
  a n r e w l order by attention, name, requests, errors, waiting, latency
  Up Down     select a query
  C           cancel the selected query
Any key goes back.)";

bool matches(const View& view, const json::Value& row) {
  return client::text_at(row, "db_id").find(view.filter) != std::string_view::npos;
}

Rows rows_of(const client::Answer* answer, std::string_view list, const View& view) {
  Rows rows;
  const json::Value* found = answer ? answer->root().find(list) : nullptr;
  if (found == nullptr) return rows;
  for (const json::Value& row : *found) {
    if (matches(view, row)) rows.push_back(&row);
  }
  return rows;
}

/// What is greater comes first.
double weight(const json::Value& pool, Order order) {
  switch (order) {
    case Order::kAttention:
      return commands::severity(pool);
    case Order::kRequests:
      return number_at(pool, "queries_per_second");
    case Order::kErrors:
      return number_at(pool, "error_rate");
    case Order::kWaiting:
      return number_at(pool, "waiting");
    case Order::kLatency:
      return number_at(pool, "query_ms.p99");
    case Order::kName:
      break;
  }
  return 0;
}

Rows shown_pools(const View& view, const Snapshot& snapshot) {
  Rows pools = rows_of(snapshot.metrics.get(), "pools", view);
  std::sort(pools.begin(), pools.end(), [&](auto* a, auto* b) {
    const double left = weight(*a, view.order);
    const double right = weight(*b, view.order);
    return left != right ? left > right
                         : client::text_at(*a, "db_id") < client::text_at(*b, "db_id");
  });
  return pools;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::string heading(const View& view, const Rows& pools) {
  double rate = 0;
  double waiting = 0;
  for (const json::Value* pool : pools) {
    rate += number_at(*pool, "queries_per_second");
    waiting += number_at(*pool, "waiting");
  }
  const auto troubled = std::count_if(pools.begin(), pools.end(),
                                      [](auto* pool) { return commands::severity(*pool) > 0; });
  std::string text =
      fmt::format("sluice  {} databases, {} need{} attention  {}/s  {} waiting  every {}",
                  pools.size(), troubled, troubled == 1 ? "s" : "", terminal::count(rate),
                  terminal::count(waiting), terminal::duration(view.interval));
  if (view.paused) text += "  PAUSED";
  if (!view.filter.empty()) text += "  /" + terminal::printable(view.filter);
  return text;
}

std::string pool_table(const Rows& pools, bool colour) {
  const auto has_hosts = [](const json::Value* pool) { return commands::has_hosts(*pool); };
  const auto fields = commands::pool_fields(std::any_of(pools.begin(), pools.end(), has_hosts));
  std::vector<terminal::Column> columns;
  for (const auto& field : fields) columns.push_back({field.title, field.align});
  terminal::Table table(std::move(columns));
  for (const json::Value* pool : pools) {
    std::vector<terminal::Cell> cells;
    for (const auto& field : fields) {
      cells.push_back(field.show ? field.show(*pool)
                                 : terminal::Cell{text_at_path(*pool, field.path)});
    }
    table.add(std::move(cells));
  }
  return table.draw(terminal::Look::kPlain, colour);
}

std::string one_line(std::string sql) {
  std::replace(sql.begin(), sql.end(), '\n', ' ');
  return sql;
}

std::string query_table(const Rows& queries, std::size_t selected) {
  terminal::Table table(
      {{" "}, {"DATABASE"}, {"PHASE"}, {"FOR", terminal::Align::kRight}, {"BY"}, {"SQL"}});
  for (std::size_t i = 0; i < queries.size(); ++i) {
    const json::Value& query = *queries[i];
    table.add({{i == selected ? ">" : " "},
               {text_at_path(query, "db_id")},
               {text_at_path(query, "phase")},
               {terminal::duration(Milliseconds(number_at(query, "elapsed_ms")))},
               {text_at_path(query, "actor")},
               {one_line(text_at_path(query, "sql"))}});
  }
  return table.draw(terminal::Look::kPlain, false);
}

/// The last line: what went wrong, what is being asked, or which keys there are.
std::string last_line(const View& view, const Snapshot& snapshot, bool colour) {
  if (view.mode == View::Mode::kTypingFilter) return "/" + terminal::printable(view.filter) + "_";
  if (view.mode == View::Mode::kConfirmingCancel) {
    return terminal::styled("Cancel the selected query? y, or any other key", Style::kWarning,
                            colour);
  }
  if (!view.message.empty()) return terminal::printable(view.message);
  if (!snapshot.problem.empty()) {
    const std::string age = terminal::duration(snapshot.age);
    return terminal::styled(
        fmt::format("{} (figures are {} old)", terminal::printable(snapshot.problem), age),
        Style::kBad, colour);
  }
  return terminal::styled("q end  ? keys  / filter  Space pause  C cancel", Style::kFaint, colour);
}

void append(std::vector<std::string>& lines, const std::string& text, std::size_t at_most) {
  for (std::string& line : lines_of(text)) {
    if (at_most-- == 0) return;
    lines.push_back(std::move(line));
  }
}

/// A line of ours, which may hold colours, cut to the width of the screen.
std::string cut(const std::string& line, int columns) {
  std::string result;
  std::string plain;
  for (std::size_t i = 0; i < line.size();) {
    const std::size_t end = line[i] == '\x1b' ? line.find('m', i) + 1 : line.find('\x1b', i);
    const std::string piece = line.substr(i, end - i);
    i = std::min(end, line.size());
    if (piece[0] == '\x1b') {
      result += piece;
      continue;
    }
    const int left = columns - terminal::width(plain);
    plain += piece;
    if (left > 0) result += terminal::shortened(piece, left);
  }
  return result;
}

}  // namespace

std::vector<const json::Value*> shown_queries(const View& view, const Snapshot& snapshot) {
  return rows_of(snapshot.queries.get(), "queries", view);
}

std::vector<std::string> draw(const View& view, const Snapshot& snapshot, terminal::Size size,
                              bool colour) {
  std::vector<std::string> lines;
  const auto height = static_cast<std::size_t>(std::max(4, size.rows));
  const auto left = [&] { return lines.size() + 1 >= height ? 0 : height - lines.size() - 1; };
  if (view.mode == View::Mode::kHelp) {
    append(lines, kHelp, height);
    return lines;
  }
  const Rows pools = shown_pools(view, snapshot);
  const Rows queries = shown_queries(view, snapshot);
  lines.push_back(terminal::styled(heading(view, pools), Style::kStrong, colour));
  lines.emplace_back();
  // With many databases, some lines are kept for the queries.
  const std::size_t for_queries = std::min(queries.size() + 2, height / 3);
  append(lines, pool_table(pools, colour), left() - std::min(left(), for_queries));
  if (!queries.empty() && left() > 2) {
    lines.emplace_back();
    append(lines, query_table(queries, view.selected), left());
  }
  while (left() > 0) lines.emplace_back();
  lines.push_back(last_line(view, snapshot, colour));
  for (std::string& line : lines) line = cut(line, size.columns);
  return lines;
}

}  // namespace sluice::app::top
