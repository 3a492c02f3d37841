#pragma once

#include <optional>
#include <string>

#include "app/terminal/terminal.h"

namespace sluice::app::terminal {

/// Asks for a password at the terminal, without showing what is typed. Nothing if the input ended.
[[nodiscard]] std::optional<std::string> ask_password(Terminal& terminal,
                                                      const std::string& prompt);

}  // namespace sluice::app::terminal
