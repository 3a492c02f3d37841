#include "http/openapi_settings.h"

#include <string>
#include <string_view>
#include <vector>

#include "base/settings.h"

namespace sluice::http {
namespace {

using base::Setting;
using base::SettingKind;
using json::Writer;

std::string_view section_of(const Setting& setting) {
  return setting.name.substr(0, setting.name.find('.'));
}

std::vector<std::string_view> sections() {
  std::vector<std::string_view> names;
  for (const Setting& setting : base::settings()) {
    if (names.empty() || names.back() != section_of(setting)) names.push_back(section_of(setting));
  }
  return names;
}

void write_words(Writer& writer, std::string_view words) {
  writer.begin_array("enum");
  while (!words.empty()) {
    const auto comma = words.find(", ");
    writer.element(words.substr(0, comma));
    words.remove_prefix(comma == std::string_view::npos ? words.size() : comma + 2);
  }
  writer.end_array();
}

void write_number(Writer& writer, std::string_view type, const Setting& setting,
                  const std::string& standard) {
  writer.field("type", type).field("minimum", setting.minimum).field("maximum", setting.maximum);
  writer.raw_field("default", standard);
}

void write_setting(Writer& writer, const Setting& setting, const DatabaseOptions& defaults) {
  const std::string standard = setting.get(defaults);
  writer.begin_object(setting.name.substr(setting.name.find('.') + 1));
  writer.field("description", setting.description);
  switch (setting.kind) {
    case SettingKind::kInteger:
    case SettingKind::kMilliseconds:
    case SettingKind::kBytes:
      write_number(writer, "integer", setting, standard);
      break;
    case SettingKind::kRatio:
      write_number(writer, "number", setting, standard);
      break;
    case SettingKind::kBoolean:
      writer.field("type", "boolean").raw_field("default", standard);
      break;
    case SettingKind::kWord:
    case SettingKind::kText:
      writer.field("type", "string").field("default", standard);
      if (!setting.words.empty()) write_words(writer, setting.words);
  }
  writer.end_object();
}

std::string schema_name(std::string_view section) {
  std::string name(section);
  name.front() = static_cast<char>(name.front() - 'a' + 'A');
  return name + "Settings";
}

}  // namespace

void write_settings_schemas(Writer& writer) {
  const DatabaseOptions defaults;
  for (const std::string_view section : sections()) {
    writer.begin_object(schema_name(section)).field("type", "object");
    writer.field("additionalProperties", false).begin_object("properties");
    for (const Setting& setting : base::settings()) {
      if (section_of(setting) == section) write_setting(writer, setting, defaults);
    }
    if (section == "session") {
      writer.raw_field("settings", R"({"type":"object","description":"Further parameters of )"
                                   R"(PostgreSQL, by name.","additionalProperties":{"type":)"
                                   R"(["string","number","boolean"]}})");
    }
    writer.end_object().end_object();
  }
}

}  // namespace sluice::http
