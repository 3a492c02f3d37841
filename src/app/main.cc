#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "app/check_config.h"
#include "app/check_health.h"
#include "app/command_line.h"
#include "app/log_sink.h"
#include "app/serve.h"
#include "app/try_databases.h"
#include "config/config.h"
#include "config/reference.h"
#include "gateway/version.h"

namespace sluice::app {
namespace {

/// libpq would fill in from PGPASSWORD, PGSERVICE, PGSSLMODE, … what a target leaves out;
/// credentials come from the target alone. The configuration may still name these variables in
/// `${…}`.
void forget_libpq_variables(const config::Environment& environment) {
  for (const auto& [name, value] : environment) {
    if (name.starts_with("PG")) unsetenv(name.c_str());
  }
}

int print(const std::string& text, std::FILE* stream, int status) {
  std::fputs(text.c_str(), stream);
  return status;
}

/// A mistake elsewhere in the file is no sign of ill health: only the address matters.
int ask_health(const Command& command, const config::Environment& environment) {
  const auto loaded = load_configuration(command, environment);
  const auto healthy =
      check_health(loaded.config.server.listen, command.ready ? "/readyz" : "/livez");
  if (!healthy) return print(healthy.error().message + "\n", stderr, 1);
  return print("ok\n", stdout, 0);
}

int print_trial(const config::Config& config) {
  const Trial trial = try_databases(config);
  return print("connecting\n" + trial.text, stdout, trial.all_work ? 0 : 1);
}

int run(const Command& command, const config::Environment& environment) {
  if (command.verb == Command::Verb::kVersion) {
    return print("sluice " + std::string(gateway::version()) + "\n", stdout, 0);
  }
  if (command.verb == Command::Verb::kSettings) return print(config::reference(), stdout, 0);
  if (command.verb == Command::Verb::kCheckHealth) return ask_health(command, environment);
  const auto loaded = load_configuration(command, environment);
  if (!loaded.mistakes.empty()) return print(describe_mistakes(loaded), stderr, 1);
  if (command.verb == Command::Verb::kServe) {
    block_stop_signals();
    Log log({.config = loaded.config.log});
    return serve(loaded, log, [&] { return load_configuration(command, environment); });
  }
  const int status = print(describe_configuration(loaded.config), stdout, 0);
  return command.connect ? print_trial(loaded.config) : status;
}

int start(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  const auto environment = config::process_environment();
  forget_libpq_variables(environment);
  const auto parsed =
      parse_command_line(std::vector<std::string>(argv + 1, argv + argc), environment);
  if (const auto* farewell = std::get_if<Farewell>(&parsed)) {
    return print(farewell->text, farewell->is_mistake ? stderr : stdout, farewell->is_mistake);
  }
  if (const auto* command = std::get_if<commands::ClientCommand>(&parsed)) {
    return static_cast<int>(commands::run(*command, environment));
  }
  return run(std::get<Command>(parsed), environment);
}

}  // namespace
}  // namespace sluice::app

int main(int argc, char** argv) {
  try {
    return sluice::app::start(argc, argv);
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "sluice: %s\n", problem.what());
    return 1;
  }
}
