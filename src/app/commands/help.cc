#include "app/commands/help.h"

#include <fmt/format.h>

#include <string_view>
#include <utility>
#include <vector>

#include "base/settings.h"

namespace sluice::app::commands {
namespace {

/// "--fromat" in "The following argument was not expected: --fromat"
std::string unexpected_option(std::string_view words) {
  const auto dashes = words.find(" --");
  if (dashes == std::string_view::npos) return {};
  const std::string_view option = words.substr(dashes + 1);
  return std::string(option.substr(0, option.find_first_of(" =")));
}

std::string advice_for(const CLI::App& command, const std::string& option) {
  std::vector<std::string> names;
  for (const CLI::Option* each : command.get_options()) {
    for (const std::string& name : each->get_lnames()) names.push_back("--" + name);
  }
  const std::vector<std::string_view> candidates(names.begin(), names.end());
  const auto meant = base::nearest(option, candidates);
  return meant ? fmt::format("; did you mean {}?", *meant) : std::string();
}

}  // namespace

std::string Help::make_description(const CLI::App* app) const {
  return app->get_description() + "\n\n" +
         (app->get_footer().empty() ? "" : app->get_footer() + "\n\n");
}

std::string Help::make_help(const CLI::App* app, std::string name, CLI::AppFormatMode mode) const {
  std::string text = CLI::Formatter::make_help(app, std::move(name), mode);
  for (auto gap = text.find("\n\n\n"); gap != std::string::npos; gap = text.find("\n\n\n", gap)) {
    text.erase(gap, 1);
  }
  while (text.ends_with("\n\n")) text.pop_back();
  return text;
}

std::string Help::make_footer(const CLI::App*) const { return {}; }

std::string Help::make_option_opts(const CLI::Option* option) const {
  if (option->get_type_size() == 0 || option->get_positional()) return {};
  const std::string type = option->get_type_name();
  return " " + type.substr(0, type.find(':'));  // checks append what they allow
}

std::string describe_mistake(const CLI::App& command, const CLI::ParseError& problem) {
  const std::string words = problem.what();
  const std::string option = unexpected_option(words);
  const std::string advice = option.empty() ? "" : advice_for(command, option);
  const std::string name = command.get_parent() ? " " + command.get_name() : std::string();
  return fmt::format("{}{}\nRun sluice{} --help for more.\n", words, advice, name);
}

}  // namespace sluice::app::commands
