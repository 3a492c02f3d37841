#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace sluice::app::commands {

/// Help that begins with what the command does and with examples; options come after.
class Help : public CLI::Formatter {
 public:
  Help() { column_width(26); }
  std::string make_help(const CLI::App* app, std::string name,
                        CLI::AppFormatMode mode) const override;
  std::string make_description(const CLI::App* app) const override;
  std::string make_footer(const CLI::App* app) const override;
  /// Only the type: whether an option is required can be seen in the line of usage.
  std::string make_option_opts(const CLI::Option* option) const override;
};

/// What a command line that could not be understood is answered with. Names the option that was
/// probably meant.
[[nodiscard]] std::string describe_mistake(const CLI::App& command, const CLI::ParseError& problem);

}  // namespace sluice::app::commands
