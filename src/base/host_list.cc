#include "base/host_list.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace sluice::base {
namespace {

bool is_host_name(std::string_view host) {
  return !host.empty() && std::all_of(host.begin(), host.end(), [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_' || c >= 0x80;
  });
}

/// A directory's name may contain colons; what follows the last one is a port if it is a number.
HostProblem read_socket(std::string_view text, Host& host) {
  const std::size_t colon = text.rfind(':');
  const bool has_port = colon != text.npos && colon + 1 < text.size() &&
                        text.find_first_not_of("0123456789", colon + 1) == text.npos;
  host.name = has_port ? text.substr(0, colon) : text;
  return has_port ? read_port(text.substr(colon + 1), host.port) : std::nullopt;
}

}  // namespace

HostProblem read_port(std::string_view text, std::uint16_t& port) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  if (!whole || port == 0) return "the port must be a number from 1 to 65535";
  return std::nullopt;
}

bool is_ipv6(const std::string& address) {
  in6_addr parsed{};
  const std::string without_zone = address.substr(0, address.find('%'));
  return ::inet_pton(AF_INET6, without_zone.c_str(), &parsed) == 1;
}

HostProblem check_host(const std::string& name) {
  if (name.starts_with('/') || is_ipv6(name) || is_host_name(name)) return std::nullopt;
  if (name.find(',') != std::string::npos)
    return "several hosts are given; write one, or a list of hosts";
  if (name.starts_with('@'))
    return "the host is an abstract socket; write the directory of a socket";
  return "the host is no name, no address and no socket directory (\"/…\")";
}

HostProblem split_host(std::string_view text, HostParts& parts) {
  parts = {text, {}, text.starts_with('[')};
  if (parts.in_brackets) {
    const std::size_t bracket = text.find(']');
    if (bracket == text.npos) return "the IPv6 address has no closing ']'";
    parts.name = text.substr(1, bracket - 1);
    parts.port = text.substr(bracket + 1);
    if (!parts.port.empty() && parts.port.front() != ':')
      return "after ']' only a port may follow: [::1]:5432";
  } else if (const std::size_t colon = text.find(':'); colon != text.npos) {
    parts.name = text.substr(0, colon);
    parts.port = text.substr(colon);
    if (parts.port.find(':', 1) != text.npos)
      return "an IPv6 address is written in brackets: [::1]:5432";
  }
  if (!parts.port.empty()) parts.port.remove_prefix(1);
  return std::nullopt;
}

HostProblem read_host(std::string_view text, Host& host) {
  if (text.starts_with('/')) return read_socket(text, host);
  if (is_ipv6(std::string(text))) return host.name = text, std::nullopt;
  HostParts parts;
  if (auto problem = split_host(text, parts)) return problem;
  host.name = parts.name;
  if (parts.in_brackets && !is_ipv6(host.name)) return "between '[' and ']' is no IPv6 address";
  if (host.name.empty()) return "the host's name is missing";
  if (auto problem = check_host(host.name)) return problem;
  return parts.port.empty() ? std::nullopt : read_port(parts.port, host.port);
}

HostProblem set_hosts(std::span<const Host> hosts, Target& target) {
  if (hosts.empty()) return "there is no host in the list";
  if (hosts.size() > kMostHosts) return "there are more than 16 hosts";
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    if (std::find(hosts.begin(), hosts.begin() + static_cast<std::ptrdiff_t>(i), hosts[i]) !=
        hosts.begin() + static_cast<std::ptrdiff_t>(i)) {
      return "the same host and port are given twice";
    }
  }
  target.host = hosts.front().name;
  target.port = hosts.front().port;
  target.other_hosts.assign(hosts.begin() + 1, hosts.end());
  return std::nullopt;
}

}  // namespace sluice::base
