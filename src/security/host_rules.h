#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sluice/result.h"

namespace sluice::security {

/// Which hosts a dynamic connect may go to: exact names and addresses, CIDR blocks ("10.0.0.0/8"),
/// "*.suffix", "*", and "/path" prefixes for Unix sockets. Addresses are compared as addresses, so
/// that "127.1" or "0x7f000001" cannot slip past a rule. Immutable, thread-safe.
class HostRules {
 public:
  [[nodiscard]] static Result<HostRules> parse(const std::vector<std::string>& rules);
  [[nodiscard]] bool allows(std::string_view host) const;

 private:
  std::vector<std::string> rules_;  // H6 chooses the representation
};

}  // namespace sluice::security
