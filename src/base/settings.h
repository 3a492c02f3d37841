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

/// One setting of a database, as people write it: in YAML ("pool: {max_size: 10}"), in the
/// environment (SLUICE_POOL__MAX_SIZE), and in JSON ("pool": {"max_size": 10}). This table is the one
/// place that knows names, units, defaults, bounds and how to read and write each.
struct Setting {
  std::string_view name;         ///< "pool.max_size"
  SettingKind kind;
  std::string_view also;         ///< environment names other pools use, separated by blanks
  std::string_view description;  ///< one sentence with the unit
  /// Reads the text into the options; the returned text says what is wrong and what to write.
  std::optional<std::string> (*set)(DatabaseOptions&, std::string_view text);
  std::string (*get)(const DatabaseOptions&);
};

/// Every setting but the free-form ones (session.settings, labels).
[[nodiscard]] std::span<const Setting> settings();
[[nodiscard]] const Setting* find_setting(std::string_view name);
/// Contradictions between settings (min_size above max_size, …), one sentence each.
[[nodiscard]] std::vector<std::string> contradictions(const DatabaseOptions& options);
/// Names of settings whose value differs.
[[nodiscard]] std::vector<std::string> changed_settings(const DatabaseOptions& before,
                                                        const DatabaseOptions& after);

/// The candidate that looks most like `word`, if any is close enough to be a slip of the pen.
[[nodiscard]] std::optional<std::string_view> nearest(std::string_view word,
                                                      std::span<const std::string_view> candidates);

}  // namespace sluice::base
