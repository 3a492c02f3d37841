#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "sluice/target.h"

namespace sluice::base {

/// More would be a mistake, and monitors for each.
inline constexpr std::size_t kMostHosts = 16;

/// What is wrong, as the end of a sentence about the text. Never quotes it: it may be a password
/// in the wrong place.
using HostProblem = std::optional<std::string>;

[[nodiscard]] HostProblem read_port(std::string_view text, std::uint16_t& port);
/// Whether it is a name, an address or a socket's directory.
[[nodiscard]] HostProblem check_host(const std::string& name);
[[nodiscard]] bool is_ipv6(const std::string& address);

/// "name:5433", "[::1]:5433" or "name" in its two parts; of no port, the second is empty.
struct HostParts {
  std::string_view name;
  std::string_view port;
  bool in_brackets = false;
};
[[nodiscard]] HostProblem split_host(std::string_view text, HostParts& parts);

/// Reads "name", "name:5433", "::1", "[::1]:5433", "/directory" or "/directory:5433"; a port that
/// is not given stays as it is.
[[nodiscard]] HostProblem read_host(std::string_view text, Host& host);
/// Makes them the target's hosts. No two may be the same.
[[nodiscard]] HostProblem set_hosts(std::span<const Host> hosts, Target& target);

}  // namespace sluice::base
