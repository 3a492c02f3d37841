#include "base/settings.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

#include "base/setting_text.h"

namespace sluice::base {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

/// Seconds, as other pools count, to the setting's milliseconds.
std::optional<std::string> set_seconds(const Setting& setting, DatabaseOptions& options,
                                       std::string_view text) {
  if (text == "-1" && setting.minimum <= 0) return setting.set(options, "0");
  const auto seconds =
      read_number(text, setting.minimum / 1000, setting.maximum / 1000, "a number of seconds");
  if (!seconds) return seconds.error();
  return setting.set(options, std::to_string(std::llround(*seconds * 1000)));
}

std::optional<std::string> set_times_max_size(const Setting& setting, DatabaseOptions& options,
                                              std::string_view text) {
  const auto factor = read_integer(text, {0, 1'000, {}});
  if (!factor) return factor.error();
  const auto most = static_cast<std::int64_t>(setting.maximum);
  return setting.set(options, std::to_string(std::min(*factor * options.pool.max_size, most)));
}

struct OwnSetting {
  std::string_view parameter;
  std::string_view setting;
};

/// Parameters that we set ourselves, and the setting to use instead. An empty one: our answers
/// would be read wrongly with another value.
constexpr std::array kOwnParameters{
    OwnSetting{"statement_timeout", "session.statement_timeout_ms"},
    OwnSetting{"idle_in_transaction_session_timeout", "session.idle_in_transaction_timeout_ms"},
    OwnSetting{"TimeZone", "session.time_zone"},
    OwnSetting{"search_path", "session.search_path"},
    OwnSetting{"application_name", "session.application_name"},
    OwnSetting{"jit", "session.jit"},
    OwnSetting{"client_encoding", ""},
    OwnSetting{"DateStyle", ""},
    OwnSetting{"IntervalStyle", ""},
    OwnSetting{"bytea_output", ""},
    OwnSetting{"extra_float_digits", ""},
    OwnSetting{"standard_conforming_strings", ""},
};

std::string compared(const char* first, std::int64_t a, const char* second, std::int64_t b) {
  return std::string(first) + " (" + std::to_string(a) + ") must not be above " + second + " (" +
         std::to_string(b) + ")";
}

}  // namespace

const Setting* find_setting(std::string_view name) {
  const auto all = settings();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Setting& s) { return s.name == name; });
  return found == all.end() ? nullptr : &*found;
}

std::optional<std::string> set_from_alias(const Setting& setting, const SettingAlias& alias,
                                          DatabaseOptions& options, std::string_view text) {
  if (alias.unit == AliasUnit::kSeconds) return set_seconds(setting, options, text);
  if (alias.unit == AliasUnit::kTimesMaxSize) return set_times_max_size(setting, options, text);
  return setting.set(options, text);
}

std::optional<std::string> check_session_parameter(std::string_view name, std::string_view value) {
  const bool well_formed =
      !name.empty() && name.size() <= 63 && (is_letter(name[0]) || name[0] == '_') &&
      std::all_of(name.begin(), name.end(),
                  [](char c) { return is_letter(c) || is_digit(c) || c == '_' || c == '.'; });
  if (!well_formed) return "must be the name of a PostgreSQL parameter, not " + in_quotes(name);
  for (const OwnSetting& own : kOwnParameters) {
    if (!equal_ignoring_case(name, own.parameter)) continue;
    if (own.setting.empty()) return std::string(name) + " is fixed: answers are read by it";
    return "use " + std::string(own.setting) + " for " + std::string(name);
  }
  const auto text = read_text(value, 1'000);
  if (!text) return "the value of " + std::string(name) + " " + text.error();
  return std::nullopt;
}

std::optional<std::string> check_label(std::string_view key, std::string_view value) {
  const bool well_formed =
      !key.empty() && key.size() <= 63 && std::all_of(key.begin(), key.end(), [](char c) {
        return is_letter(c) || is_digit(c) || c == '_' || c == '.' || c == '-' || c == '/';
      });
  if (!well_formed) {
    return "a label's name is 1 to 63 letters, digits, '_', '.', '-' or '/', not " + in_quotes(key);
  }
  const auto text = read_text(value, 255);
  if (!text) return "the value of label " + std::string(key) + " " + text.error();
  return std::nullopt;
}

std::vector<std::string> contradictions(const DatabaseOptions& options) {
  std::vector<std::string> found;
  const auto at_most = [&](const char* a, std::int64_t low, const char* b, std::int64_t high) {
    if (low > high) found.push_back(compared(a, low, b, high));
  };
  const PoolOptions& pool = options.pool;
  at_most("pool.min_size", pool.min_size, "pool.max_size", pool.max_size);
  at_most("pool.shards", pool.shards, "pool.max_size", pool.max_size);
  at_most("query.timeout_ms", options.query.timeout.count(), "query.max_timeout_ms",
          options.query.max_timeout.count());
  at_most("breaker.open_ms", options.breaker.open_for.count(), "breaker.max_open_ms",
          options.breaker.max_open_for.count());
  return found;
}

std::vector<std::string> changed_settings(const DatabaseOptions& before,
                                          const DatabaseOptions& after) {
  std::vector<std::string> names;
  for (const Setting& setting : settings()) {
    if (setting.get(before) != setting.get(after)) names.emplace_back(setting.name);
  }
  if (before.session.settings != after.session.settings) names.emplace_back("session.settings");
  if (before.labels != after.labels) names.emplace_back("labels");
  if (before.required != after.required) names.emplace_back("required");
  return names;
}

}  // namespace sluice::base
