#include "security/api_keys.h"

#include <sodium.h>

#include <algorithm>
#include <stdexcept>
#include <string>

namespace sluice::security {
namespace {

bool is_bearer(std::string_view scheme) {
  constexpr std::string_view kBearer = "bearer";
  return std::equal(scheme.begin(), scheme.end(), kBearer.begin(), kBearer.end(),
                    [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; });
}

/// What follows "Bearer", or nothing.
std::string_view token_of(std::string_view authorization) {
  const std::size_t blank = authorization.find(' ');
  if (blank == std::string_view::npos || !is_bearer(authorization.substr(0, blank))) return {};
  const std::string_view token = authorization.substr(blank);
  const std::size_t first = token.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return token.substr(first, token.find_last_not_of(' ') - first + 1);
}

}  // namespace

std::string_view to_string(Role role) {
  switch (role) {
    case Role::kQuery:
      return "query";
    case Role::kOperator:
      return "operator";
    case Role::kAdmin:
      return "admin";
  }
  return "query";
}

std::optional<Role> parse_role(std::string_view name) {
  for (const Role role : {Role::kQuery, Role::kOperator, Role::kAdmin}) {
    if (name == to_string(role)) return role;
  }
  return std::nullopt;
}

ApiKeys::ApiKeys(const std::vector<config::ApiKeyConfig>& keys,
                 const config::ClientLimits& limits) {
  if (sodium_init() < 0) throw std::runtime_error("libsodium cannot be initialised");
  for (const config::ApiKeyConfig& key : keys) {
    // An unknown word cannot come out of the configuration; if it did, it must not give rights.
    const Role role = parse_role(key.role).value_or(Role::kQuery);
    keys_.push_back(
        {digest_of(key.key.reveal()), {key.name, role, config::limits_of(key, limits)}});
  }
}

std::optional<Principal> ApiKeys::authenticate(std::string_view authorization) const {
  const std::string_view token = token_of(authorization);
  if (token.empty()) return std::nullopt;
  const Digest hash = digest_of(token);
  const Key* found = nullptr;
  for (const Key& key : keys_) {
    if (sodium_memcmp(key.hash.data(), hash.data(), hash.size()) == 0) found = &key;
  }
  return found == nullptr ? std::nullopt : std::optional<Principal>(found->principal);
}

}  // namespace sluice::security
