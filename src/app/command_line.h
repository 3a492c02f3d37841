#pragma once

#include <string>
#include <variant>
#include <vector>

#include "app/commands/session.h"
#include "config/config.h"

namespace sluice::app {

/// What somebody asked for that needs no running gateway, or is one.
struct Command {
  enum class Verb { kServe, kCheckConfig, kCheckHealth, kSettings, kVersion };
  Verb verb = Verb::kVersion;
  std::string config_file;  ///< --config, else SLUICE_CONFIG, else empty: none
  std::string env_file;
  std::string listen;    ///< --listen; empty: as configured
  bool connect = false;  ///< --connect: try the databases as well
  bool ready = false;    ///< --ready: whether it takes traffic, not only whether it lives
};

/// A command line that ends here: the help that was asked for, or a mistake.
struct Farewell {
  std::string text;
  bool is_mistake = false;
};

/// Reads the command line. `arguments` are without the program's name.
[[nodiscard]] std::variant<Command, commands::ClientCommand, Farewell> parse_command_line(
    std::vector<std::string> arguments, const config::Environment& environment);

/// The configuration that a command means: its file, its .env file, its --listen.
[[nodiscard]] config::LoadResult load_configuration(const Command& command,
                                                    config::Environment environment);

}  // namespace sluice::app
