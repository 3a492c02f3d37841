#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "security/digest.h"

namespace sluice::security {

/// What somebody may do; each role includes the ones before it.
enum class Role { kQuery, kOperator, kAdmin };
[[nodiscard]] std::string_view to_string(Role role);
[[nodiscard]] std::optional<Role> parse_role(std::string_view name);

/// Who is asking.
struct Principal {
  std::string name;
  Role role = Role::kQuery;
  config::ClientLimits limits = {};
  bool by_address = false;  ///< there are no keys: clients are told apart by where they are
  [[nodiscard]] bool may(Role needed) const { return role >= needed; }
};

/// Checks API keys in constant time: only BLAKE2b hashes are kept, and every key is compared to the
/// end, so that neither memory nor timing tells a key. Immutable, thread-safe.
class ApiKeys {
 public:
  /// `limits`: of keys that name none.
  explicit ApiKeys(const std::vector<config::ApiKeyConfig>& keys,
                   const config::ClientLimits& limits = {});

  /// No key is configured: everybody is admin (the configuration allows that on loopback only).
  [[nodiscard]] bool open() const { return keys_.empty(); }
  /// `authorization`: the header's value, "Bearer …". Empty: no or bad credentials.
  [[nodiscard]] std::optional<Principal> authenticate(std::string_view authorization) const;

 private:
  struct Key {
    Digest hash;
    Principal principal;
  };
  std::vector<Key> keys_;
};

}  // namespace sluice::security
