#include "app/commands/declaration.h"

#include "app/commands/commands.h"

namespace sluice::app::commands {

CLI::App& Declarations::add_command(const Words& words) {
  CLI::App* command = app_.add_subcommand(words.name, words.description);
  command->group(words.group);
  command->footer(words.examples);
  return *command;
}

void Declarations::add_connection(CLI::App& command) {
  ConnectionOptions& options = result_.connection;
  command.add_option("--url", options.url, "The gateway: http://HOST:PORT or unix:/path")
      ->type_name("URL")
      ->group("Connection");
  command.add_option("--key-file", options.key_file, "File with the API key")
      ->type_name("FILE")
      ->group("Connection");
  command.add_option("-o,--output", options.format, "table, json, csv or ndjson")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"table", "json", "csv", "ndjson"}))
      ->group("Output");
  command.add_flag("--no-color", options.no_color, "No colours, as with NO_COLOR")->group("Output");
}

void declare_all(Declarations& declarations) {
  declare_query(declarations);
  declare_explain(declarations);
  declare_schema(declarations);
  declare_status(declarations);
  declare_why(declarations);
  declare_events(declarations);
  declare_databases(declarations);
  declare_control(declarations);
  declare_queries(declarations);
  declare_configuration(declarations);
  declare_bench(declarations);
  declare_doctor(declarations);
  declare_top(declarations);
}

}  // namespace sluice::app::commands
