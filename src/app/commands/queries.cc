#include <algorithm>
#include <ostream>

#include "app/commands/commands.h"
#include "app/commands/declaration.h"
#include "app/commands/listing.h"

namespace sluice::app::commands {
namespace {

using client::ExitStatus;
using client::Outcome;
using terminal::Align;

struct QueriesOptions {
  std::string db_id;
};

struct CancelOptions {
  std::vector<std::string> ids;
};

struct StatementOptions {
  std::string db_id;
  std::string order = "total";
  int limit = 20;
};

constexpr int kSqlColumns = 80;

/// The SQL on one line and shortened: the whole text is in the other formats.
Field sql_field() {
  const auto show = [](const json::Value& row) -> terminal::Cell {
    std::string sql = text_at_path(row, "sql");
    std::replace(sql.begin(), sql.end(), '\n', ' ');
    return {terminal::shortened(terminal::printable(sql), kSqlColumns)};
  };
  return {"SQL", "sql", Align::kLeft, show};
}

void declare_queries_options(CLI::App& app, QueriesOptions& options) {
  app.add_option("--db", options.db_id, "Only of this database")->type_name("DB");
}

Outcome<ExitStatus> queries(Session& session, const QueriesOptions& options) {
  std::string path = "/admin/queries";
  if (!options.db_id.empty()) path += "?db_id=" + client::percent_encoded(options.db_id);
  const auto answer = client::fetch(session.gateway, std::move(path));
  if (!answer) return tl::unexpected(answer.error());
  write_list(session, *answer, "queries",
             {{"ID", "id"},
              {"DATABASE", "db_id"},
              {"PHASE", "phase"},
              time_field("FOR", "elapsed_ms"),
              time_field("WAITED", "queued_ms"),
              {"BY", "actor"},
              {"CLIENT", "client"},
              sql_field()});
  return ExitStatus::kOk;
}

void declare_cancel_options(CLI::App& app, CancelOptions& options) {
  app.add_option("ID", options.ids, "From `sluice queries`; several may be given")->required();
}

Outcome<ExitStatus> cancel(Session& session, const CancelOptions& options) {
  for (const std::string& id : options.ids) {
    const auto answer = client::fetch(
        session.gateway,
        {.method = "DELETE", .path = "/admin/queries/" + client::percent_encoded(id)});
    if (!answer) return tl::unexpected(answer.error());
    if (session.format != Format::kTable) {
      write_line(session, answer->text());
    } else {
      session.terminal.out << terminal::printable(id) << ": cancelled\n";
    }
  }
  return ExitStatus::kOk;
}

void declare_statement_options(CLI::App& app, StatementOptions& options) {
  app.add_option("--db", options.db_id, "Only of this database")->type_name("DB");
  app.add_option("--order", options.order, "total, mean, calls or errors: what comes first")
      ->type_name("WHAT")
      ->check(CLI::IsMember({"total", "mean", "calls", "errors"}));
  app.add_option("-n,--limit", options.limit, "At most so many")
      ->type_name("N")
      ->check(CLI::Range(1, 1000));
}

Outcome<ExitStatus> statements(Session& session, const StatementOptions& options) {
  const bool is_time = options.order == "total" || options.order == "mean";
  std::string path = "/admin/statements?order=" + options.order + (is_time ? "_ms" : "") +
                     "&limit=" + std::to_string(options.limit);
  if (!options.db_id.empty()) path += "&db_id=" + client::percent_encoded(options.db_id);
  const auto answer = client::fetch(session.gateway, std::move(path));
  if (!answer) return tl::unexpected(answer.error());
  write_list(session, *answer, "statements",
             {{"DATABASE", "db_id"},
              count_field("CALLS", "calls"),
              count_field("ERRORS", "errors"),
              count_field("ROWS", "rows"),
              time_field("TOTAL", "total_ms"),
              time_field("MEAN", "mean_ms"),
              time_field("MAX", "max_ms"),
              sql_field()});
  return ExitStatus::kOk;
}

}  // namespace

void declare_queries(Declarations& declarations) {
  declarations.add<QueriesOptions>({.name = "queries",
                                    .group = kWatching,
                                    .description = "List what is queued and running now",
                                    .examples = "Examples:\n  sluice queries --db orders"},
                                   declare_queries_options, queries);
  declarations.add<StatementOptions>(
      {.name = "statements",
       .group = kWatching,
       .description = "List the statements that cost most, on all databases",
       .examples = "Examples:\n  sluice statements --order mean -n 10\n"
                   "  sluice statements --db orders -o csv > statements.csv"},
      declare_statement_options, statements);
  declarations.add<CancelOptions>({.name = "cancel",
                                   .group = kOperating,
                                   .description = "Cancel a query that is queued or runs",
                                   .examples = "Examples:\n  sluice cancel 7b2"},
                                  declare_cancel_options, cancel);
}

}  // namespace sluice::app::commands
