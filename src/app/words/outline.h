#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

/// What the command line consists of, as plain data: shell completion and the manual page are made
/// of it, so that neither can forget an option.
namespace sluice::app::words {

struct OptionOutline {
  std::vector<std::string> names;   ///< "-o", "--output"; of a positional: "DB"
  std::string value;                ///< what it takes: "FILE"; empty: a flag
  std::vector<std::string> values;  ///< the words it takes, if it takes only some
  std::string description;
};

struct CommandOutline {
  std::string name;
  std::string group;
  std::string description;
  std::string examples;
  std::vector<OptionOutline> options;
  std::vector<OptionOutline> positionals;
};

struct Outline {
  std::string description;
  std::string examples;
  std::vector<CommandOutline> commands;
};

[[nodiscard]] Outline outline_of(const CLI::App& app);

/// The script that completes command lines in "bash", "zsh" or "fish".
[[nodiscard]] std::string completion(const Outline& outline, const std::string& shell);

/// sluice(1), as troff.
[[nodiscard]] std::string manual_of_commands(const Outline& outline);
/// sluice.yaml(5), as troff, made of the reference in Markdown.
[[nodiscard]] std::string manual_of_settings(const std::string& reference);

}  // namespace sluice::app::words
