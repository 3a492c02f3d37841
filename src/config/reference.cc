#include "config/reference.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "base/settings.h"
#include "config/config.h"
#include "config/service_settings.h"

namespace sluice::config {
namespace {

using base::AliasUnit;
using base::SettingKind;

struct Section {
  std::string_view name;
  std::string_view what;
};

constexpr std::string_view kNeedsRestart = "A change needs a restart.";
constexpr std::string_view kReloadsDrain =
    "A change needs a restart; a reload takes over only `drain_delay_ms` and `drain_timeout_ms`.";
constexpr std::string_view kReloads = "A reload takes changes over.";
constexpr std::string_view kReloadsMostly =
    "A reload takes changes over; a change of `format` needs a restart.";

constexpr Section kServiceSections[] = {
    {"server", kReloadsDrain}, {"security", kReloads},  {"limits", kReloads},
    {"pools", kNeedsRestart},  {"log", kReloadsMostly}, {"metrics", kNeedsRestart},
};
constexpr Section kOptionSections[] = {
    {"pool", "The connection pool of every database."},
    {"query", "Bounds on single calls."},
    {"breaker", "The circuit breaker of every database."},
    {"session", "The session that every connection starts with."},
    {"routing", "What a database with several hosts does with them ([hosts](hosts.md))."},
    {"sessions", "Interactive sessions ([http-api](http-api.md#sessions))."},
};

/// "max_size" of "pool.max_size", or "pool" with `first`.
std::string_view part(std::string_view name, bool first) {
  const auto dot = name.find('.');
  return first ? name.substr(0, dot) : name.substr(dot + 1);
}

std::string variable_of(std::string_view name) {
  std::string variable = "SLUICE_";
  for (const char c : name) {
    if (c == '.') {
      variable += "__";
    } else {
      variable += c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    }
  }
  return variable;
}

std::string in_code(std::string_view text) { return fmt::format("`{}`", text); }

/// "a, b" as "`a`, `b`".
std::string words_in_code(std::string_view words) {
  std::string result(words);
  for (std::size_t at = 0; (at = result.find(", ", at)) != std::string::npos; at += 4) {
    result.replace(at, 2, "`, `");
  }
  return in_code(result);
}

/// 1234567 as "1,234,567".
std::string grouped(double number) {
  std::string digits = fmt::format("{:.0f}", number);
  const std::size_t first = digits[0] == '-' ? 1 : 0;
  for (std::size_t at = digits.size(); at > first + 3;) digits.insert(at -= 3, ",");
  return digits;
}

struct Row {
  std::string_view name;
  SettingKind kind;
  double minimum;
  double maximum;
  bool is_list;
  std::string_view words;
  std::string value;
  std::string_view description;
  std::vector<std::string> also;
};

/// What may be written.
std::string values_of(const Row& row) {
  if (!row.words.empty()) return words_in_code(row.words);
  const std::string range = grouped(row.minimum) + " to " + grouped(row.maximum);
  switch (row.kind) {
    case SettingKind::kInteger:
      return range;
    case SettingKind::kMilliseconds:
      return range + " ms";
    case SettingKind::kBytes:
      return range + " bytes";
    case SettingKind::kRatio:
      return fmt::format("{} to {}", row.minimum, row.maximum);
    case SettingKind::kBoolean:
      return "`true`, `false`";
    case SettingKind::kWord:
    case SettingKind::kText:
      break;
  }
  const std::string text = "text of at most " + grouped(row.maximum) + " bytes";
  return row.is_list ? "list of " + text : text;
}

std::string markdown(const Row& row) {
  const std::string value = row.value.empty() ? "empty" : in_code(row.value);
  std::string variables = in_code(variable_of(row.name));
  for (const std::string& also : row.also) variables += ", " + also;
  return fmt::format("| `{}` | {} | {} | {} | {} |\n", part(row.name, false), value, values_of(row),
                     row.description, variables);
}

Row row_of(const ServiceSetting& setting, const Config& defaults) {
  Row row{.name = setting.name,
          .kind = setting.kind,
          .minimum = static_cast<double>(setting.minimum),
          .maximum = static_cast<double>(setting.maximum),
          .is_list = setting.is_list,
          .words = setting.words,
          .value = setting.get(defaults),
          .description = setting.description,
          .also = {}};
  for (const std::string_view also : setting.also) row.also.push_back(in_code(also));
  return row;
}

Row row_of(const base::Setting& setting, const Config& defaults) {
  Row row{.name = setting.name,
          .kind = setting.kind,
          .minimum = setting.minimum,
          .maximum = setting.maximum,
          .is_list = false,
          .words = setting.words,
          .value = setting.get(defaults.defaults),
          .description = setting.description,
          .also = {}};
  for (const base::SettingAlias& also : setting.also) {
    row.also.push_back(in_code(also.name));
    if (also.unit == AliasUnit::kSeconds) row.also.back() += " (seconds)";
    if (also.unit == AliasUnit::kTimesMaxSize) row.also.back() += " (× `max_size`)";
  }
  return row;
}

/// A section's heading and table; `settings` are of every section.
template <typename Settings>
std::string table(const Section& section, const Settings& settings) {
  const Config defaults;
  std::string text = fmt::format("\n### `{}`\n\n{}\n\n", section.name, section.what);
  text += "| key | default | values | meaning | environment |\n|---|---|---|---|---|\n";
  for (const auto& setting : settings) {
    if (part(setting.name, true) == section.name) text += markdown(row_of(setting, defaults));
  }
  return text;
}

}  // namespace

std::string reference() {
  std::string text = "## The process\n";
  for (const Section& section : kServiceSections) text += table(section, service_settings());
  text +=
      "\n## Databases: defaults, and each one's own\n\n"
      "At the top of the file these sections are the defaults of every database; under "
      "`databases.<db_id>` they are\nthat database's own. A reload takes changes over, without "
      "closing pools; `shards` needs a restart.\n";
  for (const Section& section : kOptionSections) text += table(section, base::settings());
  return text;
}

}  // namespace sluice::config
