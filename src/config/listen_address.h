#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sluice::config {

/// What is wrong with "HOST:PORT", "[V6]:PORT" or "unix:/path", if anything.
[[nodiscard]] std::optional<std::string> check_listen_address(std::string_view address);
/// Nobody outside this machine can reach that address.
[[nodiscard]] bool is_local_only(std::string_view address);

}  // namespace sluice::config
