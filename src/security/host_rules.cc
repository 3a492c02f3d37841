#include "security/host_rules.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/setting_text.h"

namespace sluice::security {
namespace {

constexpr int kMappedBits = 96;  // how much of an IPv4-mapped address is the prefix

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return result;
}

/// The name in lower case, without the dot that may end it.
std::string normalised(std::string_view name) {
  if (name.size() > 1 && name.back() == '.') name.remove_suffix(1);
  return lower(name);
}

bool is_host_name(std::string_view name) {
  return !name.empty() && name.size() <= 253 && name[0] != '.' && name[0] != '-' &&
         name.find("..") == std::string_view::npos &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '.' || c == '-' || c == '_';
         });
}

/// The resolver would take it for an address ("127.1", "0x7f000001"), which our rules do not see.
bool is_address_in_disguise(const std::string& name) {
  in_addr ignored{};
  return inet_aton(name.c_str(), &ignored) != 0;
}

bool has_dot_segments(std::string_view path) {
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    const std::string_view segment = path.substr(0, slash);
    if (segment == "." || segment == "..") return true;
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  return false;
}

}  // namespace

std::optional<HostRules::Address> HostRules::parse_address(std::string_view host) {
  const std::string text(host);
  Address address{};
  if (text.size() != std::strlen(text.c_str())) return std::nullopt;
  if (inet_pton(AF_INET6, text.c_str(), address.data()) == 1) return address;
  in_addr v4{};
  if (inet_pton(AF_INET, text.c_str(), &v4) != 1) return std::nullopt;
  address[10] = address[11] = 0xff;
  std::memcpy(&address[12], &v4.s_addr, 4);
  return address;
}

bool HostRules::contains(const Network& network, const Address& address) {
  const auto whole = static_cast<std::size_t>(network.bits / 8);
  if (!std::equal(address.begin(), address.begin() + static_cast<std::ptrdiff_t>(whole),
                  network.address.begin())) {
    return false;
  }
  const int rest = network.bits % 8;
  if (rest == 0) return true;
  const int mask = (0xff << (8 - rest)) & 0xff;
  return ((address[whole] ^ network.address[whole]) & mask) == 0;
}

Result<HostRules> HostRules::parse(const std::vector<std::string>& rules) {
  HostRules result;
  std::vector<FieldError> mistakes;
  for (const std::string& rule : rules) {
    if (auto wrong = result.add(rule)) mistakes.push_back({rule, *std::move(wrong)});
  }
  if (mistakes.empty()) return result;
  std::string message = mistakes.front().message;
  return fail(invalid_request(std::move(message), std::move(mistakes)));
}

std::optional<std::string> HostRules::add(std::string_view rule) {
  if (rule == "*") {
    everything_ = true;
    return std::nullopt;
  }
  if (!rule.empty() && rule[0] == '/') {
    if (has_dot_segments(rule)) return "a path must not contain '.' or '..': " + std::string(rule);
    while (!rule.empty() && rule.back() == '/') rule.remove_suffix(1);
    sockets_.emplace_back(rule);
    return std::nullopt;
  }
  const std::size_t slash = rule.find('/');
  if (slash != std::string_view::npos) return add_network(rule, slash);
  if (const auto address = parse_address(rule)) {
    networks_.push_back({*address, 128});
    return std::nullopt;
  }
  const bool is_suffix = rule.substr(0, 2) == "*.";
  const std::string name = normalised(is_suffix ? rule.substr(2) : rule);
  if (!is_host_name(name) || is_address_in_disguise(name)) {
    return "a host rule is a name, an address, a block as 10.0.0.0/8, *.suffix, * or a /path, "
           "not " +
           base::in_quotes(rule);
  }
  if (is_suffix) {
    suffixes_.push_back("." + name);
  } else {
    names_.push_back(name);
  }
  return std::nullopt;
}

std::optional<std::string> HostRules::add_network(std::string_view rule, std::size_t slash) {
  const auto address = parse_address(rule.substr(0, slash));
  const bool is_v4 = rule.substr(0, slash).find(':') == std::string_view::npos;
  const auto bits = base::read_integer(rule.substr(slash + 1), {0, is_v4 ? 32 : 128, {}});
  if (!address || !bits) {
    return "a block of addresses is written as 10.0.0.0/8 or fd00::/8, not " +
           base::in_quotes(rule);
  }
  const Network network{*address, static_cast<int>(*bits) + (is_v4 ? kMappedBits : 0)};
  Address start{};  // the block's first address: everything after its bits is zero
  for (int bit = 0; bit < network.bits; ++bit) {
    const auto byte = static_cast<std::size_t>(bit / 8);
    start[byte] |= static_cast<unsigned char>((*address)[byte] & (0x80 >> (bit % 8)));
  }
  if (start != *address) {
    return base::in_quotes(rule) + " has bits set after its first " + std::to_string(*bits) +
           "; write the block's first address, or leave out the /" + std::to_string(*bits);
  }
  networks_.push_back(network);
  return std::nullopt;
}

bool HostRules::allows(std::string_view host) const {
  if (host.empty()) return false;
  if (host[0] == '/') return allows_socket(host);
  const auto address = parse_address(host);
  if (!address) return allows_name(host);
  return everything_ ||
         std::any_of(networks_.begin(), networks_.end(),
                     [&](const Network& network) { return contains(network, *address); });
}

bool HostRules::allows_socket(std::string_view path) const {
  if (has_dot_segments(path) || path.find('\0') != std::string_view::npos) return false;
  return std::any_of(sockets_.begin(), sockets_.end(), [&](const std::string& directory) {
    const bool inside = path.substr(0, directory.size()) == directory;
    return inside && (path.size() == directory.size() || path[directory.size()] == '/');
  });
}

bool HostRules::allows_name(std::string_view host) const {
  const std::string name = normalised(host);
  if (!is_host_name(name) || is_address_in_disguise(name)) return false;
  if (everything_) return true;
  if (std::find(names_.begin(), names_.end(), name) != names_.end()) return true;
  return std::any_of(suffixes_.begin(), suffixes_.end(), [&](const std::string& suffix) {
    return name.size() > suffix.size() &&
           name.compare(name.size() - suffix.size(), suffix.size(), suffix) == 0;
  });
}

}  // namespace sluice::security
