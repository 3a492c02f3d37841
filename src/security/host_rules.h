#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/result.h"

namespace sluice::security {

/// Which hosts a dynamic connect may go to: exact names and addresses, CIDR blocks ("10.0.0.0/8"),
/// "*.suffix", "*" (everything on the network), and "/path" prefixes for Unix sockets. Addresses
/// are compared as addresses, so that "::ffff:7f00:1" cannot slip past a rule, and other ways to
/// write one
/// ("127.1", "0x7f000001") are refused.
///
/// What is judged is the host as given: names are allowed by rules for names, addresses by rules
/// for addresses; nothing is resolved here. A name that is allowed may lead anywhere, now or later:
/// allow only names whose DNS you trust. Immutable, thread-safe.
class HostRules {
 public:
  /// Fails with one field error per rule that cannot be understood.
  [[nodiscard]] static Result<HostRules> parse(const std::vector<std::string>& rules);
  [[nodiscard]] bool allows(std::string_view host) const;

 private:
  /// An address of either family; IPv4 as IPv4-mapped IPv6, so that one comparison does.
  using Address = std::array<unsigned char, 16>;
  struct Network {
    Address address;
    int bits;
  };

  [[nodiscard]] static std::optional<Address> parse_address(std::string_view host);
  [[nodiscard]] static bool contains(const Network& network, const Address& address);
  /// Adds the rule; the returned text says what is wrong with it.
  std::optional<std::string> add(std::string_view rule);
  std::optional<std::string> add_network(std::string_view rule, std::size_t slash);
  [[nodiscard]] bool allows_socket(std::string_view path) const;
  [[nodiscard]] bool allows_name(std::string_view host) const;

  bool everything_ = false;
  std::vector<Network> networks_;
  std::vector<std::string> names_;     ///< in lower case
  std::vector<std::string> suffixes_;  ///< in lower case, ".example.com"
  std::vector<std::string> sockets_;   ///< directories, without a slash at the end
};

}  // namespace sluice::security
