#include "config/settings_report.h"

#include <algorithm>
#include <map>
#include <utility>

namespace sluice::config {
namespace {

using ByName = std::map<std::string_view, const SettingReport*>;

ByName by_name(const SettingsReport& report) {
  ByName settings;
  for (const SettingReport& setting : report.settings) settings[setting.name] = &setting;
  return settings;
}

std::optional<SettingChange> change_of(const SettingReport& before, const SettingReport& after) {
  if (before.value == after.value && before.hidden == after.hidden) return std::nullopt;
  SettingChange change{after.name, before.value, after.value, after.reloadable};
  if (before.value == after.value) *change.to += " (another one)";
  return change;
}

}  // namespace

std::string_view to_string(SettingOrigin origin) {
  switch (origin) {
    case SettingOrigin::kDefault:
      return "default";
    case SettingOrigin::kFile:
      return "file";
    case SettingOrigin::kEnvironment:
      return "environment";
    case SettingOrigin::kCommandLine:
      return "command_line";
  }
  return "default";
}

std::vector<SettingChange> changes_between(const SettingsReport& before,
                                           const SettingsReport& after) {
  const auto old = by_name(before);
  const auto now = by_name(after);
  std::vector<SettingChange> changes;
  for (const SettingReport& setting : after.settings) {
    const auto was = old.find(setting.name);
    if (was == old.end()) {
      changes.push_back({setting.name, std::nullopt, setting.value, setting.reloadable});
    } else if (auto change = change_of(*was->second, setting)) {
      changes.push_back(std::move(*change));
    }
  }
  for (const SettingReport& setting : before.settings) {
    if (now.contains(setting.name)) continue;
    changes.push_back({setting.name, setting.value, std::nullopt, setting.reloadable});
  }
  return changes;
}

SettingsReport after_reload(const SettingsReport& before, SettingsReport after) {
  const auto old = by_name(before);
  for (SettingReport& setting : after.settings) {
    const auto was = old.find(setting.name);
    if (!setting.reloadable && was != old.end()) setting = *was->second;
  }
  return after;
}

}  // namespace sluice::config
