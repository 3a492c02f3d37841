#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "app/client/failure.h"

/// Numbers as people read and write them.
namespace sluice::app::terminal {

/// "850us", "3.2ms", "6.1s", "2m10s", "3d4h": two figures or two units.
[[nodiscard]] std::string duration(std::chrono::duration<double> time);
/// "212", "1.2k", "34M".
[[nodiscard]] std::string count(double number);
/// "250ms", "10s", "1m30s", "2h" or "3d".
[[nodiscard]] client::Outcome<std::chrono::milliseconds> read_duration(std::string_view text);

}  // namespace sluice::app::terminal
