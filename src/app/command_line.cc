#include "app/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "app/commands/declaration.h"
#include "app/commands/help.h"
#include "app/words/outline.h"
#include "base/setting_text.h"
#include "base/settings.h"
#include "config/reference.h"
#include "security/host_rules.h"

namespace sluice::app {
namespace {

constexpr const char* kListenVariable = "SLUICE_SERVER__LISTEN";
constexpr const char* kExamples = R"(Examples:
  sluice serve --config sluice.yaml                serve databases over HTTP, on 127.0.0.1:8080
  sluice status                                    how they are
  sluice query orders 'SELECT * FROM items WHERE id = $1' --param 42
  sluice query --all 'SELECT count(*) FROM users'
  sluice why orders                                why its calls are refused, and until when

The gateway that is asked: --url or SLUICE_URL, else http://127.0.0.1:8080; the key: SLUICE_API_KEY
or --key-file. Data goes to standard output, messages go to standard error.
Exit status: 0 fine, 1 a mistake or a failure, 2 no gateway there, 3 the statement failed, 4 refused
but worth another try, 5 the key is missing or not enough, 99 a threshold was missed, 130 Ctrl-C.)";

constexpr const char* kServeExamples = R"(Examples:
  sluice serve                                     on 127.0.0.1:8080, databases from the environment
  sluice serve --config sluice.yaml --env-file .env
  SLUICE_API_KEY_FILE=/run/secrets/key sluice serve --listen 0.0.0.0:8080

Every setting can be given as SLUICE_SECTION__KEY, for instance SLUICE_POOL__MAX_SIZE=20.)";

using Parsed = std::variant<Command, commands::ClientCommand, Farewell>;

/// Declares what can be asked for, and keeps where CLI11 writes it.
class Grammar {
 public:
  Grammar() {
    app_.require_subcommand(1);
    app_.footer(kExamples);
    app_.formatter(std::make_shared<commands::Help>());
    app_.set_help_flag("-h,--help", "Print this help and exit");
    app_.add_flag("--version", version_, "Print the version and exit");
    auto* serve = add(Command::Verb::kServe, "serve", "Serve the HTTP API until SIGTERM or SIGINT");
    add_configuration(*serve, "-c,--config");
    add_listen(*serve);
    serve->footer(kServeExamples);
    auto* check_config = add(Command::Verb::kCheckConfig, "check-config",
                             "Check the configuration, without connecting to anything");
    add_configuration(*check_config, "FILE,-c,--config");
    check_config->add_flag("--connect", command_.connect, "Log in to every database as well");
    check_config->footer("Examples:\n  sluice check-config sluice.yaml --connect");
    auto* check_health = add(Command::Verb::kCheckHealth, "check-health",
                             "Ask the running gateway of this configuration whether it lives");
    add_configuration(*check_health, "-c,--config");
    add_listen(*check_health);
    check_health->footer(
        "Examples:\n  sluice check-health --ready      status 0: it takes traffic");
    check_health->add_flag("--ready", command_.ready, "Ask whether it takes traffic (GET /readyz)");
    add(Command::Verb::kSettings, "settings", "Print every setting, as Markdown");
    add(Command::Verb::kVersion, "version", "Print the version and exit");
    commands::declare_all(declarations_);
    add_texts();
  }

  Parsed parse(std::vector<std::string> arguments) {
    // Before CLI11 looks, since it would ask for a subcommand.
    if (arguments.size() == 1 && arguments[0] == "--version") return Command{};
    if (arguments.empty()) return Farewell{app_.help(), true};
    if (auto unknown = unknown_verb(arguments[0])) return *std::move(unknown);
    std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants them
    try {
      app_.parse(std::move(arguments));
    } catch (const CLI::CallForHelp&) {
      return Farewell{help(), false};
    } catch (const CLI::ParseError& problem) {
      return Farewell{commands::describe_mistake(typed(), problem), true};
    }
    if (!shell_.empty()) return Farewell{words::completion(words::outline_of(app_), shell_), false};
    if (!page_.empty()) return Farewell{manual(), false};
    if (declarations_.result().action) return declarations_.result();
    return command_;
  }

 private:
  CLI::App* add(Command::Verb verb, std::string_view name, const char* description) {
    CLI::App* command = app_.add_subcommand(std::string(name), description);
    command->group(commands::kServing);
    command->footer("Examples:\n  sluice " + std::string(name));
    command->callback([this, verb] { command_.verb = verb; });
    return command;
  }

  void add_configuration(CLI::App& command, const char* names) {
    command
        .add_option(names, command_.config_file,
                    "YAML file; else what SLUICE_CONFIG says, else none")
        ->type_name("FILE");
    command
        .add_option("--env-file", command_.env_file,
                    "File of NAME=value lines; variables that are really set win")
        ->type_name("FILE");
  }

  void add_listen(CLI::App& command) {
    command
        .add_option("--listen", command_.listen,
                    "HOST:PORT, [IPV6]:PORT or unix:/path, instead of server.listen")
        ->type_name("ADDRESS");
  }

  /// Commands that print what is made of the declarations themselves.
  void add_texts() {
    auto* completion = app_.add_subcommand("completion", "Print a script that completes commands");
    completion->group(commands::kServing);
    completion->footer("Examples:\n  source <(sluice completion bash)");
    completion->add_option("SHELL", shell_, "bash, zsh or fish")
        ->required()
        ->check(CLI::IsMember({"bash", "zsh", "fish"}));
    auto* manual = app_.add_subcommand("manual", "Print a page of the manual");
    manual->group(commands::kServing);
    manual->footer("Examples:\n  sluice manual sluice.yaml | man -l -");
    manual->add_option("PAGE", page_, "sluice or sluice.yaml")
        ->required()
        ->check(CLI::IsMember({"sluice", "sluice.yaml"}));
  }

  [[nodiscard]] std::string manual() const {
    return page_ == "sluice" ? words::manual_of_commands(words::outline_of(app_))
                             : words::manual_of_settings(config::reference());
  }

  /// The command that was recognised, or the program itself.
  [[nodiscard]] const CLI::App& typed() const {
    const auto commands = app_.get_subcommands();
    return commands.empty() ? app_ : *commands.front();
  }

  [[nodiscard]] std::string help() const {
    const CLI::App& command = typed();
    return command.help(command.get_parent() == nullptr ? "" : "sluice");
  }

  /// CLI11 would only say that a subcommand is required.
  [[nodiscard]] std::optional<Farewell> unknown_verb(std::string_view word) const {
    std::vector<std::string> names;
    for (const CLI::App* each : app_.get_subcommands({})) names.push_back(each->get_name());
    const std::vector<std::string_view> verbs(names.begin(), names.end());
    const bool known = std::find(verbs.begin(), verbs.end(), word) != verbs.end();
    if (known || word.starts_with('-')) return std::nullopt;
    const auto meant = base::nearest(word, verbs);
    const std::string advice = meant ? fmt::format("did you mean '{}'?", *meant)
                                     : fmt::format("there are {}", fmt::join(verbs, ", "));
    return Farewell{fmt::format("unknown command {}; {}\nRun sluice --help for more.\n",
                                base::in_quotes(word), advice),
                    true};
  }

  CLI::App app_{"Sluice, a query gateway for many PostgreSQL databases", "sluice"};
  commands::Declarations declarations_{app_};
  Command command_;
  std::string shell_;
  std::string page_;
  bool version_ = false;
};

void check_host_rules(config::LoadResult& result) {
  const auto rules = security::HostRules::parse(result.config.security.connect_hosts);
  if (rules) return;
  for (const FieldError& wrong : rules.error().fields) {
    result.mistakes.push_back({"security.connect_hosts", wrong.message});
  }
}

}  // namespace

Parsed parse_command_line(std::vector<std::string> arguments,
                          const config::Environment& environment) {
  auto result = Grammar().parse(std::move(arguments));
  if (auto* command = std::get_if<Command>(&result); command && command->config_file.empty()) {
    const auto variable = environment.find("SLUICE_CONFIG");
    if (variable != environment.end()) command->config_file = variable->second;
  }
  return result;
}

config::LoadResult load_configuration(const Command& command, config::Environment environment) {
  if (!command.env_file.empty()) {
    auto merged = config::with_env_file(command.env_file, std::move(environment));
    if (!merged) {
      config::LoadResult result;
      for (const FieldError& wrong : merged.error().fields) {
        result.mistakes.push_back({wrong.field, wrong.message});
      }
      if (result.mistakes.empty()) result.mistakes = {{"--env-file", merged.error().message}};
      return result;
    }
    environment = *std::move(merged);
  }
  if (!command.listen.empty()) environment[kListenVariable] = command.listen;
  auto result = config::load(command.config_file, environment);
  check_host_rules(result);
  if (command.listen.empty()) return result;
  for (config::SettingReport& setting : result.report.settings) {
    if (setting.where != kListenVariable) continue;
    setting.where = "--listen";
    setting.origin = config::SettingOrigin::kCommandLine;
  }
  for (config::ConfigMistake& mistake : result.mistakes) {
    if (mistake.where == kListenVariable) mistake.where = "--listen";
  }
  return result;
}

}  // namespace sluice::app
