#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/options.h"

namespace sluice::base {

/// What a setting's text looks like.
enum class SettingKind { kInteger, kMilliseconds, kBytes, kRatio, kBoolean, kWord, kText };

/// What the number means that people write under another pool's name.
enum class AliasUnit {
  kSame,          ///< as in our own setting
  kSeconds,       ///< seconds, also with a fraction; -1 is "never", as 0
  kTimesMaxSize,  ///< a factor of pool.max_size, which must be set before
};

/// An environment variable that other pools use for the same thing.
struct SettingAlias {
  std::string_view name;
  AliasUnit unit = AliasUnit::kSame;
};

/// One setting of a database, as people write it: in YAML ("pool: {max_size: 10}"), in the
/// environment (SLUICE_POOL__MAX_SIZE), and in JSON ("pool": {"max_size": 10}). This table is the
/// one place that knows names, units, defaults, bounds and how to read and write each.
struct Setting {
  std::string_view name;  ///< "pool.max_size"
  SettingKind kind;
  double minimum;  ///< of numbers
  double maximum;
  std::span<const SettingAlias> also;
  std::string_view description;  ///< one sentence with the unit
  /// Reads the text into the options; the returned text says what is wrong and what to write.
  std::optional<std::string> (*set)(DatabaseOptions&, std::string_view text);
  std::string (*get)(const DatabaseOptions&);
  std::string_view words = {};  ///< of a word: "auto, always, never"
};

/// Every setting but the free-form ones (session.settings, labels), grouped by section.
[[nodiscard]] std::span<const Setting> settings();
[[nodiscard]] const Setting* find_setting(std::string_view name);
/// Like `setting.set`, for a text that was given under another pool's name.
[[nodiscard]] std::optional<std::string> set_from_alias(const Setting& setting,
                                                        const SettingAlias& alias,
                                                        DatabaseOptions& options,
                                                        std::string_view text);

/// What is wrong with an entry of session.settings, if anything: parameters that have a setting of
/// their own, or that would break the gateway, are refused.
[[nodiscard]] std::optional<std::string> check_session_parameter(std::string_view name,
                                                                 std::string_view value);
/// What is wrong with a label, if anything.
[[nodiscard]] std::optional<std::string> check_label(std::string_view key, std::string_view value);

/// Contradictions between settings (min_size above max_size, …), one sentence each.
[[nodiscard]] std::vector<std::string> contradictions(const DatabaseOptions& options);
/// Names of settings whose value differs; "session.settings", "labels" and "required" among them.
[[nodiscard]] std::vector<std::string> changed_settings(const DatabaseOptions& before,
                                                        const DatabaseOptions& after);

/// The candidate that looks most like `word`, if any is close enough to be a slip of the pen.
[[nodiscard]] std::optional<std::string_view> nearest(std::string_view word,
                                                      std::span<const std::string_view> candidates);

}  // namespace sluice::base
