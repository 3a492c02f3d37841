#include "app/words/outline.h"

#include <CLI/CLI.hpp>

namespace sluice::app::words {
namespace {

/// "FORMAT:{table,json}" is what CLI11 makes of a type and the words it may be.
std::vector<std::string> words_of(const std::string& type) {
  const auto begin = type.find(":{");
  if (begin == std::string::npos || !type.ends_with('}')) return {};
  return CLI::detail::split(type.substr(begin + 2, type.size() - begin - 3), ',');
}

OptionOutline outline_of(const CLI::Option& option) {
  OptionOutline outline{
      .names = {}, .value = {}, .values = {}, .description = option.get_description()};
  for (const std::string& name : option.get_snames()) outline.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) outline.names.push_back("--" + name);
  if (outline.names.empty()) outline.names.push_back(option.get_name(true, false));
  if (option.get_type_size() == 0) return outline;
  const std::string type = option.get_type_name();
  outline.values = words_of(type);
  outline.value = type.substr(0, type.find(':'));
  return outline;
}

CommandOutline outline_command(const CLI::App& command) {
  CommandOutline outline{.name = command.get_name(),
                         .group = command.get_group(),
                         .description = command.get_description(),
                         .examples = command.get_footer(),
                         .options = {},
                         .positionals = {}};
  for (const CLI::Option* option : command.get_options()) {
    auto& list = option->nonpositional() ? outline.options : outline.positionals;
    list.push_back(outline_of(*option));
  }
  return outline;
}

}  // namespace

Outline outline_of(const CLI::App& app) {
  Outline outline{
      .description = app.get_description(), .examples = app.get_footer(), .commands = {}};
  for (const CLI::App* command : app.get_subcommands({})) {
    outline.commands.push_back(outline_command(*command));
  }
  return outline;
}

}  // namespace sluice::app::words
