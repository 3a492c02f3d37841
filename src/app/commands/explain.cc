#include "app/client/problem.h"
#include "app/commands/commands.h"
#include "app/commands/declaration.h"
#include "app/commands/listing.h"
#include "app/commands/query_options.h"
#include "json/writer.h"

namespace sluice::app::commands {
namespace {

using client::Answer;
using client::ExitStatus;
using client::Outcome;

struct ExplainOptions {
  std::string db_id;
  std::string sql;
  std::vector<std::string> params;
  bool analyze = false;
  bool buffers = false;
  bool verbose = false;
  bool write = false;
};

void declare(CLI::App& app, ExplainOptions& options) {
  app.add_option("DB", options.db_id, "The database")->required();
  app.add_option("SQL", options.sql, "The statement, without EXPLAIN")->required();
  app.add_option("--param,-p", options.params, "The value of $1, $2, …")->take_all();
  app.add_flag("--analyze", options.analyze, "Run it and roll back; it only reads without --write");
  app.add_flag("--buffers", options.buffers, "Tell which pages were touched");
  app.add_flag("--verbose", options.verbose, "Tell columns and schemas");
  app.add_flag("--write", options.write, "What is analyzed may write; that is rolled back");
}

std::string body_of(const ExplainOptions& options, bool as_text) {
  json::Writer writer;
  writer.begin_object().field("sql", options.sql);
  writer.raw_field("params", params_json(options.params));
  writer.field("analyze", options.analyze).field("buffers", options.buffers);
  writer.field("verbose", options.verbose).field("read_only", !options.write);
  writer.field("format", as_text ? "text" : "json").end_object();
  return writer.take();
}

void write_lines(Session& session, std::string_view text) {
  while (true) {
    const auto end = text.find('\n');
    write_line(session, text.substr(0, end));
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

Outcome<ExitStatus> explain(Session& session, const ExplainOptions& options) {
  const bool as_text = session.format == Format::kTable;
  auto reply =
      session.gateway.ask({.method = "POST",
                           .path = "/query/" + client::percent_encoded(options.db_id) + "/explain",
                           .body = body_of(options, as_text),
                           .patience = {}});
  if (!reply) return tl::unexpected(reply.error());
  const auto answer = Answer::parse(std::move(reply->body));
  if (!answer) return tl::unexpected(answer.error());
  const json::Value* plan = answer->root().find("plan");
  if (plan == nullptr) return tl::unexpected(client::describe_problem(answer->root(), options.sql));
  if (as_text) {
    write_lines(session, plan->text());
  } else {
    write_line(session, answer->text());
  }
  return ExitStatus::kOk;
}

}  // namespace

void declare_explain(Declarations& declarations) {
  declarations.add<ExplainOptions>({.name = "explain",
                                    .group = kAsking,
                                    .description = "Show how PostgreSQL runs a statement",
                                    .examples = R"(Examples:
  sluice explain orders 'SELECT * FROM items WHERE id = $1' --param 42
  sluice explain orders 'SELECT count(*) FROM items' --analyze --buffers
  sluice explain orders 'DELETE FROM items' --analyze --write    # rolled back
  sluice explain orders 'SELECT 1' -o json | jq .plan)"},
                                   declare, explain);
}

}  // namespace sluice::app::commands
