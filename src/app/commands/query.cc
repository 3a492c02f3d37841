#include <fmt/format.h>

#include <iterator>
#include <ostream>

#include "app/client/problem.h"
#include "app/commands/commands.h"
#include "app/commands/declaration.h"
#include "app/commands/listing.h"
#include "app/commands/query_messages.h"
#include "app/commands/query_options.h"
#include "app/commands/result_rows.h"
#include "app/commands/streamed_query.h"
#include "app/terminal/figures.h"

namespace sluice::app::commands {
namespace {

using client::Answer;
using client::ExitStatus;
using client::Outcome;
using client::Reply;
using Milliseconds = std::chrono::duration<double, std::milli>;

void declare(CLI::App& app, QueryOptions& options) {
  app.add_option("DB", options.db_id, "The database; left out with --all, --selector and --db");
  app.add_option("SQL", options.sql, "One statement; - reads it from standard input");
  app.add_option("-p,--param", options.params, "Value of $1, then $2, …: JSON, else text")
      ->type_name("VALUE")
      ->take_all()
      ->allow_extra_args(false);
  app.add_flag("--write", options.write, "Let the statement write; else the server refuses it");
  app.add_option("--max-rows", options.max_rows, "Rows to read; 0: all. Tables read 1000")
      ->type_name("N")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--timeout", options.timeout, "For the whole, for instance 500ms or 2m")
      ->type_name("TIME");
  app.add_flag("--all", options.all, "Ask every database")->group("Many databases");
  app.add_option("--selector", options.selector, "Ask those with this label; several: with all")
      ->type_name("LABEL=VALUE")
      ->allow_extra_args(false)
      ->group("Many databases");
  app.add_option("--db", options.db_ids, "Ask this one too; can be repeated")
      ->type_name("DB")
      ->allow_extra_args(false)
      ->group("Many databases");
}

ExitStatus show_one(Session& session, const Answer& answer) {
  const json::Value& result = answer.root();
  ResultRows rows;
  rows.set_columns(*result.find("columns"));
  for (const json::Value& row : *result.find("rows")) rows.add(row);
  rows.write(session);
  session.terminal.out.flush();
  tell_end(session, result);
  return ExitStatus::kOk;
}

void show_successes(Session& session, const json::Value& successes) {
  ResultRows rows;
  for (const json::Value& leg : successes) {
    for (const json::Value& row : *leg.find("rows")) rows.add(client::text_at(leg, "db_id"), row);
    tell_cut_leg(session, leg);
  }
  rows.write(session);
  session.terminal.out.flush();
}

/// Tells every failed database, and returns the status of the first.
ExitStatus tell_failures(Session& session, const json::Value& failures) {
  ExitStatus status = ExitStatus::kOk;
  for (const json::Value& leg : failures) {
    const ExitStatus of_leg = tell_failed_leg(session, leg);
    if (status == ExitStatus::kOk) status = of_leg;
  }
  return status;
}

ExitStatus show_many(Session& session, const Answer& answer) {
  const json::Value& result = answer.root();
  const json::Value& successes = *result.find("successes");
  const json::Value& failures = *result.find("failures");
  if (session.format != Format::kJson) show_successes(session, successes);
  const ExitStatus status = tell_failures(session, failures);
  if (session.terminal.err_is_terminal) {
    session.terminal.err << fmt::format(
        "{} of {} databases answered, {}\n", successes.size(), successes.size() + failures.size(),
        terminal::duration(Milliseconds(number_at(result, "elapsed_ms"))));
  }
  return status;
}

bool has_result(const json::Value& root, const QueryOptions& options) {
  if (root.kind() != json::Value::Kind::kObject) return false;
  if (options.fans_out()) return root.find("successes") && root.find("failures");
  return root.find("columns") && root.find("rows");
}

Outcome<ExitStatus> show(Session& session, const QueryOptions& options, Reply reply) {
  if (session.format == Format::kJson && reply.status == 200) {
    write_line(session, reply.body);  // unread: it may be nested more deeply than we read
    return ExitStatus::kOk;
  }
  const auto answer = Answer::parse(std::move(reply.body));
  if (!answer) return tl::unexpected(unreadable(answer.error()));
  if (!has_result(answer->root(), options)) {
    return tl::unexpected(client::describe_problem(answer->root(), options.sql));
  }
  if (session.format == Format::kJson) write_line(session, answer->text());
  return options.fans_out() ? show_many(session, *answer) : show_one(session, *answer);
}

Outcome<ExitStatus> query(Session& session, const QueryOptions& given) {
  auto options = settled(given);
  if (!options) return tl::unexpected(options.error());
  if (options->sql == "-") {
    options->sql = std::string(std::istreambuf_iterator<char>(session.terminal.in), {});
  }
  const auto body = query_body(*options, session.format);
  if (!body) return tl::unexpected(body.error());
  const std::string path =
      options->fans_out() ? "/query" : "/query/" + client::percent_encoded(options->db_id);
  // The gateway keeps the time: it cancels the statement, and says so.
  client::Request request{.method = "POST", .path = path, .body = *body, .patience = {}};
  if (is_streamed(*options, session.format)) {
    return run_streamed(session, *options, std::move(request));
  }
  auto reply = session.gateway.ask(request);
  if (!reply) return tl::unexpected(reply.error());
  return show(session, *options, *std::move(reply));
}

}  // namespace

void declare_query(Declarations& declarations) {
  declarations.add<QueryOptions>({.name = "query",
                                  .group = kAsking,
                                  .description = "Run a statement on one database or on many",
                                  .examples = R"(Examples:
  sluice query orders 'SELECT * FROM items WHERE id = $1' --param 42
  sluice query orders 'UPDATE items SET price = 1' --write
  sluice query --all 'SELECT count(*) FROM users'
  sluice query --selector region=eu -o csv 'SELECT id, name FROM users' > users.csv
  sluice query orders - < report.sql

Statements only read unless --write is said. Ctrl-C cancels them. Exit status 3: the statement
failed; 4: the gateway refused, and nothing was done.)"},
                                 declare, query);
}

}  // namespace sluice::app::commands
