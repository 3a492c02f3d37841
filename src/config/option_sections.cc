#include "config/option_sections.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "base/settings.h"
#include "config/validation.h"

namespace sluice::config {
namespace {

constexpr std::string_view kFreeForm = "settings";  // session.settings

struct SettingPath {
  std::string_view section;
  std::string_view key;
};

SettingPath path_of(const base::Setting& setting) {
  const std::size_t dot = setting.name.find('.');
  return {setting.name.substr(0, dot), setting.name.substr(dot + 1)};
}

std::vector<std::string_view> keys_of(std::string_view section) {
  std::vector<std::string_view> keys;
  for (const base::Setting& setting : base::settings()) {
    const SettingPath path = path_of(setting);
    if (path.section == section) keys.push_back(path.key);
  }
  if (section == "session") keys.push_back(kFreeForm);
  return keys;
}

/// Sets the first of the setting's other names that is in the environment. False: none is.
bool set_from_environment(const base::Setting& setting, const Environment& environment,
                          DatabaseOptions& options, Mistakes& mistakes) {
  for (const base::SettingAlias& alias : setting.also) {
    const auto variable = environment.find(alias.name);
    if (variable == environment.end() || variable->second.empty()) continue;
    const auto wrong = base::set_from_alias(setting, alias, options, variable->second);
    if (wrong) mistakes.push_back({std::string(alias.name), *wrong});
    return true;
  }
  return false;
}

void read_setting(const base::Setting& setting, const Node& section, DatabaseOptions& options,
                  Mistakes& mistakes) {
  const std::string_view key = path_of(setting).key;
  const auto text = text_member(section, key, mistakes);
  if (!text) return;
  if (const auto wrong = setting.set(options, *text)) {
    report(*section.given(key), "'" + std::string(key) + "' " + *wrong, mistakes);
  }
}

void read_session_parameters(const Node& session, DatabaseOptions& options, Mistakes& mistakes) {
  const Node* parameters = map_member(session, kFreeForm, mistakes);
  if (parameters == nullptr) return;
  for (const Node& parameter : parameters->children) {
    const auto value = text_member(*parameters, parameter.key, mistakes);
    if (!value) continue;
    if (const auto wrong = base::check_session_parameter(parameter.key, *value)) {
      report(parameter, *wrong, mistakes);
    } else {
      options.session.settings[parameter.key] = *value;
    }
  }
}

void report_contradictions(const Node& parent, const std::vector<std::string>& known,
                           const DatabaseOptions& options, Mistakes& mistakes) {
  for (const std::string& sentence : base::contradictions(options)) {
    if (std::find(known.begin(), known.end(), sentence) != known.end()) continue;
    const std::string section = sentence.substr(0, sentence.find('.'));
    const Node* place = parent.given(section);
    mistakes.push_back({place != nullptr ? place->where : parent.where, sentence});
  }
}

void read_sections(const Node& parent, const Environment* aliases, DatabaseOptions& options,
                   Mistakes& mistakes) {
  const Node empty;
  for (const std::string_view name : kOptionSections) {
    const Node* section = map_member(parent, name, mistakes);
    if (section == nullptr) section = &empty;
    report_unknown_keys(*section, keys_of(name), mistakes);
    for (const base::Setting& setting : base::settings()) {
      const auto [setting_section, key] = path_of(setting);
      if (setting_section != name) continue;
      const Node* node = section->given(key);
      const bool ours = node != nullptr && node->from_environment;
      if (!ours && aliases != nullptr &&
          set_from_environment(setting, *aliases, options, mistakes)) {
        continue;
      }
      read_setting(setting, *section, options, mistakes);
    }
    if (name == "session") read_session_parameters(*section, options, mistakes);
  }
}

}  // namespace

void read_options(const Node& parent, DatabaseOptions& options, Mistakes& mistakes) {
  const auto known = base::contradictions(options);
  read_sections(parent, nullptr, options, mistakes);
  report_contradictions(parent, known, options, mistakes);
}

void read_default_options(const Node& root, const Environment& environment,
                          DatabaseOptions& options, Mistakes& mistakes) {
  read_sections(root, &environment, options, mistakes);
  report_contradictions(root, {}, options, mistakes);
}

}  // namespace sluice::config
