#include "app/commands/commands.h"
#include "app/commands/declaration.h"
#include "app/commands/listing.h"

namespace sluice::app::commands {
namespace {

using client::Answer;
using client::ExitStatus;
using client::Outcome;

struct SchemaOptions {
  std::string db_id;
  std::string table;
  std::string schema;
};

void declare(CLI::App& app, SchemaOptions& options) {
  app.add_option("DB", options.db_id, "The database")->required();
  app.add_option("TABLE", options.table, "A table or view; all of them without it");
  app.add_option("--schema", options.schema, "Only this schema");
}

std::string path_of(const SchemaOptions& options) {
  std::string path =
      "/databases/" + client::percent_encoded(options.db_id) + "/schema?include=tables,views";
  if (!options.schema.empty()) path += "&schema=" + client::percent_encoded(options.schema);
  if (!options.table.empty()) path += "&table=" + client::percent_encoded(options.table);
  return path;
}

/// "[a]" and "[b]" as "[a,b]".
std::string joined(std::string_view first, std::string_view second) {
  if (first == "[]") return std::string(second);
  if (second == "[]") return std::string(first);
  return std::string(first.substr(0, first.size() - 1)) + "," + std::string(second.substr(1));
}

Outcome<ExitStatus> list_tables(Session& session, const std::string& relations) {
  const auto whole = Answer::parse("{\"relations\":" + relations + "}");
  if (!whole) return tl::unexpected(whole.error());
  write_list(session, *whole, "relations",
             {{"SCHEMA", "schema"},
              {"NAME", "name"},
              {"KIND", "kind"},
              {"ROWS, ABOUT", "estimated_rows", terminal::Align::kRight},
              {"COMMENT", "comment"}});
  return ExitStatus::kOk;
}

Outcome<ExitStatus> list_columns(Session& session, const json::Value& table) {
  const auto whole = Answer::parse(std::string(table.text()));
  if (!whole) return tl::unexpected(whole.error());
  write_list(session, *whole, "columns",
             {{"COLUMN", "name"},
              {"TYPE", "type"},
              {"NULLABLE", "nullable"},
              {"DEFAULT", "default"},
              {"COMMENT", "comment"}});
  return ExitStatus::kOk;
}

Outcome<ExitStatus> schema(Session& session, const SchemaOptions& options) {
  const auto answer = client::fetch(session.gateway, path_of(options));
  if (!answer) return tl::unexpected(answer.error());
  const json::Value* tables = answer->root().find("tables");
  const json::Value* views = answer->root().find("views");
  if (tables == nullptr || views == nullptr || session.format == Format::kJson) {
    write_line(session, answer->text());
    return ExitStatus::kOk;
  }
  if (options.table.empty()) return list_tables(session, joined(tables->text(), views->text()));
  for (const json::Value* list : {tables, views}) {
    for (const json::Value& table : *list) return list_columns(session, table);
  }
  return client::failed(ExitStatus::kFailure,
                        "there is no such table; `sluice schema " + options.db_id + "` lists them");
}

}  // namespace

void declare_schema(Declarations& declarations) {
  declarations.add<SchemaOptions>({.name = "schema",
                                   .group = kAsking,
                                   .description = "List a database's tables, or a table's columns",
                                   .examples = R"(Examples:
  sluice schema orders
  sluice schema orders items
  sluice schema orders -o json | jq '.tables[].foreign_keys')"},
                                  declare, schema);
}

}  // namespace sluice::app::commands
