#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/api_key_list.h"
#include "config/config.h"
#include "config/databases.h"
#include "config/environment.h"
#include "config/listen_address.h"
#include "config/option_sections.h"
#include "config/service_settings.h"
#include "config/settings_of.h"
#include "config/validation.h"
#include "config/yaml_reader.h"

namespace sluice::config {
namespace {

constexpr std::array<std::string_view, 6> kServiceSections{"server", "security", "limits",
                                                           "pools",  "log",      "metrics"};
constexpr std::array<std::string_view, 13> kSections{
    "server", "security", "limits",  "pools",   "log",      "metrics",  "pool",
    "query",  "breaker",  "session", "routing", "sessions", "databases"};

std::vector<std::string> keys_of(std::string_view section) {
  std::vector<std::string> keys;
  for (const ServiceSetting& setting : service_settings()) {
    const std::size_t dot = setting.name.find('.');
    if (setting.name.substr(0, dot) == section) keys.emplace_back(setting.name.substr(dot + 1));
  }
  if (section == "security") keys.emplace_back("api_keys");
  return keys;
}

/// The node's values; false when it is not of the setting's form.
bool values_of(const Node& node, const ServiceSetting& setting, std::vector<std::string>& values,
               Mistakes& mistakes) {
  if (node.kind == Node::Kind::kScalar) {
    values = setting.is_list ? split_list(node.text) : std::vector<std::string>{node.text};
    return true;
  }
  if (node.kind != Node::Kind::kList || !setting.is_list) {
    report(node, "'" + node.key + "' must be " + (setting.is_list ? "a list" : "a single value"),
           mistakes);
    return false;
  }
  for (const Node& item : node.children) {
    if (item.kind != Node::Kind::kScalar) {
      report(item, "must be a single value", mistakes);
      return false;
    }
    values.push_back(item.text);
  }
  return true;
}

void read_node(const Node& node, const ServiceSetting& setting, Config& config,
               Mistakes& mistakes) {
  std::vector<std::string> values;
  if (!values_of(node, setting, values, mistakes)) return;
  if (const auto wrong = setting.set(config, values)) {
    report(node, "'" + node.key + "' " + *wrong, mistakes);
  }
}

void read_service_setting(const Node& root, const ServiceSetting& setting,
                          const Environment& environment, LoadResult& result) {
  const std::size_t dot = setting.name.find('.');
  const Node* section = root.given(setting.name.substr(0, dot));
  const Node* node = section == nullptr ? nullptr : section->given(setting.name.substr(dot + 1));
  const bool ours = node != nullptr && node->from_environment;
  for (const std::string_view alias : setting.also) {
    const auto variable = environment.find(alias);
    if (ours || variable == environment.end() || variable->second.empty()) continue;
    const auto wrong = setting.set(result.config, {variable->second});
    if (wrong) result.mistakes.push_back({std::string(alias), *wrong});
    return;
  }
  if (node != nullptr) read_node(*node, setting, result.config, result.mistakes);
}

void report_unknown_service_keys(const Node& root, Mistakes& mistakes) {
  for (const std::string_view name : kServiceSections) {
    const Node* section = map_member(root, name, mistakes);
    if (section == nullptr) continue;
    const auto keys = keys_of(name);
    report_unknown_keys(*section, std::vector<std::string_view>(keys.begin(), keys.end()),
                        mistakes);
  }
}

/// Without a key everybody is admin, so nobody else may reach us then.
void report_open_door(const Node& root, LoadResult& result) {
  const ServerConfig& server = result.config.server;
  if (is_local_only(server.listen) || !result.config.security.api_keys.empty()) return;
  if (!result.mistakes.empty()) return;  // the key may be among the mistakes
  const Node* section = root.given("server");
  const Node* listen = section == nullptr ? nullptr : section->given("listen");
  result.mistakes.push_back(
      {listen != nullptr ? listen->where : "server.listen",
       "listening on " + server.listen +
           " lets others in, and there is no API key: set SLUICE_API_KEY or security.api_keys "
           "(\"openssl rand -hex 24\" makes a key), or listen on 127.0.0.1"});
}

/// Whoever may press the demo's button can stop databases.
void report_open_chaos(const Node& root, LoadResult& result) {
  const ServerConfig& server = result.config.server;
  if (server.chaos_socket.empty() || is_local_only(server.listen)) return;
  const Node* section = root.given("server");
  const Node* socket = section == nullptr ? nullptr : section->given("chaos_socket");
  result.mistakes.push_back({socket != nullptr ? socket->where : "server.chaos_socket",
                             "'chaos_socket' is for the demo, which listens on loopback only"});
}

}  // namespace

LoadResult load(const std::string& file, const Environment& environment) {
  LoadResult result;
  Mistakes& mistakes = result.mistakes;
  Node root = file.empty() ? Node{} : read_yaml(file, environment, mistakes);
  if (root.where.empty()) root.where = file.empty() ? "environment" : file;
  overlay_environment(root, environment, mistakes);
  report_unknown_keys(root, kSections, mistakes);
  report_unknown_service_keys(root, mistakes);
  for (const ServiceSetting& setting : service_settings()) {
    read_service_setting(root, setting, environment, result);
  }
  read_api_keys(root, environment, result.config, mistakes);
  read_default_options(root, environment, result.config.defaults, mistakes);
  read_databases(root, result.config, mistakes);
  report_open_door(root, result);
  report_open_chaos(root, result);
  result.report = {file, settings_of(root, environment, result.config)};
  return result;
}

}  // namespace sluice::config
