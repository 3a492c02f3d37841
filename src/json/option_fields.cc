#include "json/option_fields.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "json/field_name.h"

namespace sluice::json {
namespace {

using base::Setting;
using base::SettingKind;

constexpr std::string_view kSessionSettings = "settings";

/// What a setting's value must be in JSON; empty when the value's type is right.
std::string_view wrong_type(SettingKind kind, Value::Kind given) {
  switch (kind) {
    case SettingKind::kInteger:
    case SettingKind::kMilliseconds:
    case SettingKind::kBytes:
    case SettingKind::kRatio:
      return given == Value::Kind::kNumber ? "" : "must be a number";
    case SettingKind::kBoolean:
      return given == Value::Kind::kBool ? "" : "must be true or false";
    case SettingKind::kWord:
    case SettingKind::kText:
      break;
  }
  return given == Value::Kind::kString ? "" : "must be a string";
}

void read_session_settings(Fields& session, SessionOptions& options) {
  constexpr std::size_t kMost = 100;
  const Value* object = session.object(kSessionSettings);
  if (!object) return;
  if (object->size() > kMost) session.mistake(kSessionSettings, "has more than 100 entries");
  options.settings.clear();
  for (const Value& entry : *object) {
    const std::string name = join_names(kSessionSettings, entry.key());
    const bool plain = entry.kind() == Value::Kind::kString ||
                       entry.kind() == Value::Kind::kNumber || entry.kind() == Value::Kind::kBool;
    if (!plain) {
      session.mistake(name, "must be a string, a number or a boolean");
    } else if (auto wrong = base::check_session_parameter(entry.key(), entry.text())) {
      session.mistake(name, *std::move(wrong));
    } else {
      options.settings.emplace(entry.key(), entry.text());
    }
  }
}

/// Settings of one section, by the names they have inside of it.
std::vector<std::string_view> names_in(std::string_view section) {
  std::vector<std::string_view> names;
  for (const Setting& setting : base::settings()) {
    const bool inside = setting.name.size() > section.size() &&
                        setting.name.substr(0, section.size()) == section &&
                        setting.name[section.size()] == '.';
    if (inside) names.push_back(setting.name.substr(section.size() + 1));
  }
  return names;
}

void read_section(Fields& fields, std::string_view section, DatabaseOptions& options) {
  const Value* object = fields.object(section);
  if (!object) return;
  Fields members(*object, std::string(section), fields.mistakes());
  std::vector<std::string_view> names = names_in(section);
  for (const std::string_view name : names) {
    if (!members.any(name)) continue;
    const Setting* setting = base::find_setting(std::string(section) + "." + std::string(name));
    read_setting(members, *setting, {name, base::AliasUnit::kSame}, options);
  }
  if (section == "session") {
    read_session_settings(members, options.session);
    names.push_back(kSessionSettings);
  }
  members.refuse_unknown(names);
}

}  // namespace

void read_setting(Fields& fields, const Setting& setting, const base::SettingAlias& as,
                  DatabaseOptions& options) {
  const Value* value = fields.any(as.name);
  if (!value) return;
  const std::string_view wrong = wrong_type(setting.kind, value->kind());
  if (!wrong.empty()) return fields.mistake(as.name, std::string(wrong));
  auto problem = base::set_from_alias(setting, as, options, value->text());
  if (problem) fields.mistake(as.name, *std::move(problem));
}

void read_options(Fields& fields, DatabaseOptions& options) {
  for (const std::string_view section :
       {"pool", "query", "breaker", "session", "routing", "sessions"}) {
    read_section(fields, section, options);
  }
  if (const Value* labels = fields.object("labels")) {
    options.labels = read_labels(*labels, "labels", fields.mistakes());
  }
  if (const auto required = fields.boolean("required")) options.required = *required;
}

void check_options(const DatabaseOptions& options, Mistakes& mistakes) {
  for (std::string& contradiction : base::contradictions(options)) {
    mistakes.add("", std::move(contradiction));
  }
}

std::map<std::string, std::string> read_labels(const Value& object, const std::string& name,
                                               Mistakes& mistakes) {
  constexpr std::size_t kMost = 64;
  std::map<std::string, std::string> labels;
  if (object.size() > kMost) {
    mistakes.add(name, "has more than 64 entries");
    return labels;
  }
  for (const Value& label : object) {
    if (label.kind() != Value::Kind::kString) {
      mistakes.add(join_names(name, label.key()), "must be a string");
    } else if (auto wrong = base::check_label(label.key(), label.text())) {
      mistakes.add(join_names(name, label.key()), *std::move(wrong));
    } else {
      labels.emplace(label.key(), label.text());
    }
  }
  return labels;
}

}  // namespace sluice::json
