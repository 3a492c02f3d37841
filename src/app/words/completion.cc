#include <fmt/format.h>

#include <algorithm>

#include "app/words/outline.h"

namespace sluice::app::words {
namespace {

/// Asks the gateway; without one there are simply no names.
constexpr const char* kDatabaseNames = "sluice databases -o csv 2>/dev/null | sed 1d | cut -d, -f1";

/// In single quotes, for every shell.
std::string quoted(const std::string& text) {
  std::string result = "'";
  for (const char c : text) result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return result + "'";
}

bool takes_database(const CommandOutline& command) {
  return !command.positionals.empty() && command.positionals[0].names[0] == "DB";
}

bool takes_file(const OptionOutline& option) { return option.value == "FILE"; }

std::string option_words(const CommandOutline& command) {
  std::string text;
  for (const OptionOutline& option : command.options) {
    for (const std::string& name : option.names) text += (text.empty() ? "" : " ") + name;
  }
  return text;
}

/// What may come after an option: a case of bash's `case "$command $previous"`.
std::string bash_values(const CommandOutline& command) {
  std::string text;
  for (const OptionOutline& option : command.options) {
    if (option.value.empty()) continue;
    std::string patterns;
    for (const std::string& name : option.names) {
      patterns += fmt::format("{}'{} {}'", patterns.empty() ? "" : "|", command.name, name);
    }
    const std::string words =
        takes_file(option) ? "COMPREPLY=($(compgen -f -- \"$word\"))"
                           : fmt::format("COMPREPLY=($(compgen -W {} -- \"$word\"))",
                                         quoted(fmt::format("{}", fmt::join(option.values, " "))));
    text += fmt::format("    {}) {}; return ;;\n", patterns, words);
  }
  return text;
}

std::string command_names(const Outline& outline) {
  std::string names;
  for (const CommandOutline& each : outline.commands) {
    names += (names.empty() ? "" : " ") + each.name;
  }
  return names;
}

std::string bash(const Outline& outline) {
  std::string values;
  std::string options;
  std::string databases;
  for (const CommandOutline& each : outline.commands) {
    values += bash_values(each);
    options += fmt::format("    {}) words='{}' ;;\n", each.name, option_words(each));
    if (takes_database(each)) databases += (databases.empty() ? "" : "|") + each.name;
  }
  return fmt::format(
      R"(# bash completion for sluice: sluice completion bash > /etc/bash_completion.d/sluice
_sluice() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD-1]}} command=${{COMP_WORDS[1]}} words=
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W '{} --help --version' -- "$word"))
    return
  fi
  case "$command $previous" in
{}  esac
  case "$command" in
{}  esac
  if [[ $word != -* ]]; then
    case "$command" in
      {}) [ "$COMP_CWORD" -eq 2 ] && words=$({}) ;;
      check-config) COMPREPLY=($(compgen -f -- "$word")); return ;;
      completion) words='bash zsh fish' ;;
      *) words= ;;
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}}
complete -F _sluice sluice
)",
      command_names(outline), values, options, databases, kDatabaseNames);
}

/// Brackets and colons mean something to _arguments.
std::string zsh_escaped(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':') result += '\\';
    result += c;
  }
  return result;
}

std::string zsh_option(const OptionOutline& option, const std::string& name) {
  std::string action;
  if (!option.value.empty()) {
    action = ":" + option.value + ":";
    if (takes_file(option)) action += "_files";
    if (!option.values.empty()) action += fmt::format("({})", fmt::join(option.values, " "));
  }
  return quoted(fmt::format("*{}[{}]{}", name, zsh_escaped(option.description), action));
}

std::string zsh_command(const CommandOutline& command) {
  std::string text = fmt::format("    {})\n      _arguments", command.name);
  for (const OptionOutline& option : command.options) {
    for (const std::string& name : option.names) text += " \\\n        " + zsh_option(option, name);
  }
  if (takes_database(command)) text += " \\\n        '1:database:_sluice_databases'";
  if (command.name == "check-config") text += " \\\n        '1:file:_files'";
  if (command.name == "completion") text += " \\\n        '1:shell:(bash zsh fish)'";
  return text + "\n      ;;\n";
}

std::string zsh(const Outline& outline) {
  std::string names;
  std::string cases;
  for (const CommandOutline& each : outline.commands) {
    names += fmt::format("    {}\n", quoted(each.name + ":" + zsh_escaped(each.description)));
    cases += zsh_command(each);
  }
  return fmt::format(R"sh(#compdef sluice
# zsh completion for sluice: sluice completion zsh > "${{fpath[1]}}/_sluice"
_sluice_databases() {{
  local -a databases
  databases=(${{(f)"$({})"}})
  compadd -a databases
}}
_sluice() {{
  local -a commands
  commands=(
{}  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
{}  esac
}}
if [ "$funcstack[1]" = _sluice ]; then _sluice "$@"; else compdef _sluice sluice; fi
)sh",
                     kDatabaseNames, names, cases);
}

std::string fish_option(const CommandOutline& command, const OptionOutline& option) {
  std::string text =
      fmt::format("complete -c sluice -n '__fish_seen_subcommand_from {}'", command.name);
  for (const std::string& name : option.names) {
    text += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  }
  if (!option.value.empty()) text += takes_file(option) ? " -r -F" : " -x";
  if (!option.values.empty()) {
    text += " -a " + quoted(fmt::format("{}", fmt::join(option.values, " ")));
  }
  return text + " -d " + quoted(option.description) + "\n";
}

std::string fish(const Outline& outline) {
  std::string text =
      "# fish completion for sluice: sluice completion fish > "
      "~/.config/fish/completions/sluice.fish\ncomplete -c sluice -f\n";
  for (const CommandOutline& each : outline.commands) {
    text += fmt::format("complete -c sluice -n __fish_use_subcommand -a {} -d {}\n", each.name,
                        quoted(each.description));
    for (const OptionOutline& option : each.options) text += fish_option(each, option);
    const std::string when =
        fmt::format("complete -c sluice -n '__fish_seen_subcommand_from {}'", each.name);
    if (takes_database(each))
      text += when + " -a " + quoted(fmt::format("({})", kDatabaseNames)) + "\n";
    if (each.name == "check-config") text += when + " -F\n";
    if (each.name == "completion") text += when + " -a 'bash zsh fish'\n";
  }
  return text;
}

}  // namespace

std::string completion(const Outline& outline, const std::string& shell) {
  if (shell == "zsh") return zsh(outline);
  return shell == "fish" ? fish(outline) : bash(outline);
}

}  // namespace sluice::app::words
