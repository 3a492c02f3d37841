#include "config/settings_of.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "base/settings.h"
#include "config/service_settings.h"

namespace sluice::config {
namespace {

/// What is read once, at the start.
bool is_reloadable(std::string_view name) {
  if (name.starts_with("server.")) return name.starts_with("server.drain_");
  return name != "log.format" && !name.starts_with("metrics.") && !name.starts_with("pools.") &&
         !name.ends_with("pool.shards");
}

/// The node of "pool.max_size" below a parent.
const Node* find(const Node& parent, std::string_view path) {
  const auto dot = path.find('.');
  const Node* node = parent.given(path.substr(0, dot));
  if (node == nullptr || dot == std::string_view::npos) return node;
  return node->given(path.substr(dot + 1));
}

void place(SettingReport& setting, const Node& node) {
  setting.where = node.where;
  setting.origin = node.from_environment ? SettingOrigin::kEnvironment : SettingOrigin::kFile;
}

void place(SettingReport& setting, std::string_view variable) {
  setting.where = variable;
  setting.origin = SettingOrigin::kEnvironment;
}

bool is_set(const Environment& environment, std::string_view variable) {
  const auto found = environment.find(variable);
  return found != environment.end() && !found->second.empty();
}

/// By the same rule as when it is read: our own variable, then the others' names for it, then the
/// file.
template <typename Aliases>
void place(SettingReport& setting, const Node& root, const Environment& environment,
           const Aliases& aliases) {
  const Node* node = find(root, setting.name);
  if (node != nullptr) place(setting, *node);
  if (node != nullptr && node->from_environment) return;
  const auto alias = std::ranges::find_if(
      aliases, [&](const std::string_view name) { return is_set(environment, name); });
  if (alias != aliases.end()) place(setting, *alias);
}

SettingReport report(std::string name, std::string value) {
  SettingReport setting;
  setting.reloadable = is_reloadable(name);
  setting.name = std::move(name);
  setting.value = std::move(value);
  return setting;
}

std::string joined(const std::map<std::string, std::string>& pairs) {
  std::string text;
  for (const auto& [key, value] : pairs) {
    text.append(text.empty() ? "" : ", ").append(key).append("=").append(value);
  }
  return text;
}

SettingReport api_keys(const Node& root, const Environment& environment, const Config& config) {
  auto setting = report("security.api_keys", "");
  std::string hidden;
  for (const ApiKeyConfig& key : config.security.api_keys) {
    setting.value += (setting.value.empty() ? "" : ", ") + key.name + " (" + key.role + ")";
    hidden += key.key.reveal() + '\n';
  }
  setting.hidden = Secret(std::move(hidden));
  constexpr std::array<std::string_view, 2> kVariables{"SLUICE_API_KEY", "SLUICE_API_KEY_FILE"};
  place(setting, root, environment, kVariables);
  return setting;
}

class DatabaseReport {
 public:
  DatabaseReport(const Node& node, const DatabaseConfig& database, std::vector<SettingReport>& to)
      : node_(node), database_(database), settings_(to) {}

  void write() {
    const Target& target = database_.target;
    add("target", target.display(), {"url", "host", "hosts", "database"});
    add("ssl", std::string(to_string(target.ssl)), {"ssl", "url"});
    if (!target.ssl_root_cert.empty())
      add("ssl_root_cert", target.ssl_root_cert, {"ssl_root_cert"});
    auto& password = add("password", target.password.empty() ? "none" : "set",
                         {"password", "password_file", "url"});
    password.hidden = target.password;
    const DatabaseOptions& options = database_.options;
    if (!options.labels.empty()) add("labels", joined(options.labels), {"labels"});
    if (options.required) add("required", "true", {"required"});
    for (const base::Setting& setting : base::settings()) {
      if (find(node_, setting.name)) add(setting.name, setting.get(options), {setting.name});
    }
    if (find(node_, "session.settings")) {
      add("session.settings", joined(options.session.settings), {"session.settings"});
    }
  }

 private:
  /// Placed where the first of these keys is given.
  SettingReport& add(std::string_view name, std::string value,
                     std::initializer_list<std::string_view> keys) {
    settings_.push_back(
        report("databases." + database_.db_id + "." + std::string(name), std::move(value)));
    for (const std::string_view key : keys) {
      const Node* given = find(node_, key);
      if (given == nullptr) continue;
      place(settings_.back(), *given);
      break;
    }
    return settings_.back();
  }

  const Node& node_;
  const DatabaseConfig& database_;
  std::vector<SettingReport>& settings_;
};

void add_defaults(const Node& root, const Environment& environment, const Config& config,
                  std::vector<SettingReport>& settings) {
  for (const base::Setting& setting : base::settings()) {
    std::vector<std::string_view> aliases;
    for (const base::SettingAlias& alias : setting.also) aliases.push_back(alias.name);
    settings.push_back(report(std::string(setting.name), setting.get(config.defaults)));
    place(settings.back(), root, environment, aliases);
  }
  settings.push_back(report("session.settings", joined(config.defaults.session.settings)));
  if (const Node* node = find(root, "session.settings")) place(settings.back(), *node);
}

}  // namespace

std::vector<SettingReport> settings_of(const Node& root, const Environment& environment,
                                       const Config& config) {
  std::vector<SettingReport> settings;
  for (const ServiceSetting& setting : service_settings()) {
    settings.push_back(report(std::string(setting.name), setting.get(config)));
    place(settings.back(), root, environment, setting.also);
  }
  settings.push_back(api_keys(root, environment, config));
  add_defaults(root, environment, config, settings);
  const Node* databases = root.given("databases");
  for (const DatabaseConfig& database : config.databases) {
    const Node* node = databases ? databases->find(database.db_id) : nullptr;
    if (node) DatabaseReport(*node, database, settings).write();
  }
  return settings;
}

}  // namespace sluice::config
