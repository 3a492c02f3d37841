#include "config/api_key_list.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/setting_text.h"
#include "config/validation.h"

namespace sluice::config {
namespace {

constexpr std::size_t kShortestKey = 16;
constexpr std::array<std::string_view, 7> kKeys{
    "name", "key", "key_file", "role", "requests_per_second", "burst", "concurrent"};
constexpr std::int64_t kMostRequests = 100'000;  // a second
constexpr std::int64_t kMost = 1'000'000;

/// A mistake in the key itself, which the message must not show.
std::optional<std::string> check_key(const std::string& key) {
  if (key.size() < kShortestKey) {
    return "an API key has at least 16 characters; \"openssl rand -hex 24\" makes a good one";
  }
  const bool sendable =
      std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c < 127; });
  if (!sendable) return "an API key must not contain blanks or other than ASCII characters";
  return std::nullopt;
}

std::optional<std::string> check_name(const std::string& name) {
  const auto text = base::read_text(name, 100);
  if (!text) return "'name' " + text.error();
  if (name.empty()) return "an API key needs a 'name'; it is shown in logs instead of the key";
  return std::nullopt;
}

bool is_role(std::string_view role) {
  return role == "query" || role == "operator" || role == "admin";
}

std::optional<int> read_limit(const Node& entry, std::string_view key, std::int64_t most,
                              Mistakes& mistakes) {
  const auto text = text_member(entry, key, mistakes);
  if (!text) return std::nullopt;
  const auto number = base::read_integer(*text, {0, most, {}});
  if (number) return static_cast<int>(*number);
  report(*entry.given(key), "'" + std::string(key) + "' " + number.error(), mistakes);
  return std::nullopt;
}

void add_key(ApiKeyConfig key, const std::string& where, Config& config, Mistakes& mistakes) {
  for (const ApiKeyConfig& other : config.security.api_keys) {
    if (other.name == key.name) {
      mistakes.push_back({where, "two API keys are named " + base::in_quotes(key.name)});
    } else if (other.key == key.key) {
      mistakes.push_back({where, "API keys " + base::in_quotes(other.name) + " and " +
                                     base::in_quotes(key.name) + " are the same"});
    }
  }
  config.security.api_keys.push_back(std::move(key));
}

void read_entry(const Node& entry, Config& config, Mistakes& mistakes) {
  if (entry.kind != Node::Kind::kMap) {
    mistakes.push_back(
        {entry.where, "an API key is a map with 'name', 'key' or 'key_file', 'role'"});
    return;
  }
  const std::size_t before = mistakes.size();
  report_unknown_keys(entry, kKeys, mistakes);
  ApiKeyConfig key;
  key.name = text_member(entry, "name", mistakes).value_or("");
  if (const auto wrong = check_name(key.name)) mistakes.push_back({entry.where, *wrong});
  key.role = text_member(entry, "role", mistakes).value_or(key.role);
  if (!is_role(key.role)) {
    report(*entry.given("role"),
           "'role' must be query, operator or admin, not " + base::in_quotes(key.role), mistakes);
  }
  key.requests_per_second = read_limit(entry, "requests_per_second", kMostRequests, mistakes);
  key.burst = read_limit(entry, "burst", kMost, mistakes);
  key.concurrent = read_limit(entry, "concurrent", kMost, mistakes);
  const bool names_a_key = entry.given("key") != nullptr || entry.given("key_file") != nullptr;
  if (!names_a_key) mistakes.push_back({entry.where, "an API key needs a 'key' or a 'key_file'"});
  const auto secret = secret_member(entry, "key", mistakes);
  if (secret) {
    if (const auto wrong = check_key(secret->reveal())) mistakes.push_back({entry.where, *wrong});
    key.key = *secret;
  }
  if (mistakes.size() == before) add_key(std::move(key), entry.where, config, mistakes);
}

/// The two variables as members of a map, so that they are read like the file's "key" and
/// "key_file".
Node entry_of_environment(const Environment& environment) {
  Node entry;
  entry.kind = Node::Kind::kMap;
  for (const auto& [variable, key] :
       {std::pair("SLUICE_API_KEY", "key"), std::pair("SLUICE_API_KEY_FILE", "key_file")}) {
    const auto found = environment.find(std::string_view(variable));
    if (found == environment.end() || found->second.empty()) continue;
    Node member;
    member.kind = Node::Kind::kScalar;
    member.key = key;
    member.where = entry.where = variable;
    member.text = found->second;
    member.from_environment = true;
    entry.children.push_back(std::move(member));
  }
  return entry;
}

}  // namespace

ClientLimits limits_of(const ApiKeyConfig& key, const ClientLimits& defaults) {
  return {key.requests_per_second.value_or(defaults.requests_per_second),
          key.burst.value_or(defaults.burst), key.concurrent.value_or(defaults.concurrent)};
}

void read_api_keys(const Node& root, const Environment& environment, Config& config,
                   Mistakes& mistakes) {
  const Node* security = root.given("security");
  const Node* list = security == nullptr ? nullptr : security->given("api_keys");
  if (list != nullptr && list->kind != Node::Kind::kList) {
    mistakes.push_back({list->where,
                        "'api_keys' must be a list; from the environment, one key can "
                        "be given in SLUICE_API_KEY or SLUICE_API_KEY_FILE"});
  } else if (list != nullptr) {
    for (const Node& entry : list->children) read_entry(entry, config, mistakes);
  }
  const Node entry = entry_of_environment(environment);
  if (entry.children.empty()) return;
  const auto secret = secret_member(entry, "key", mistakes);
  if (!secret) return;
  if (const auto wrong = check_key(secret->reveal())) {
    mistakes.push_back({entry.where, *wrong});
    return;
  }
  add_key({"env", *secret, "admin"}, entry.where, config, mistakes);
}

}  // namespace sluice::config
