#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/secret.h"

namespace sluice::config {

/// Where a setting's value comes from.
enum class SettingOrigin { kDefault, kFile, kEnvironment, kCommandLine };
/// "default", "file", "environment", "command_line".
[[nodiscard]] std::string_view to_string(SettingOrigin origin);

/// One setting as it is in force, for people. Never shows a secret.
struct SettingReport {
  std::string name;   ///< "pool.max_size", "databases.orders.pool.max_size"
  std::string value;  ///< as text; of a secret, that there is one
  SettingOrigin origin = SettingOrigin::kDefault;
  std::string where;       ///< "sluice.yaml:12:3", "SLUICE_POOL__MAX_SIZE"; empty for defaults
  bool reloadable = true;  ///< false: a change needs a restart
  Secret hidden;           ///< what must be compared, but not shown
};

/// Every setting of the process and of new databases, and what each configured database has of its
/// own.
struct SettingsReport {
  std::string file;  ///< empty: none
  std::vector<SettingReport> settings;
};

/// A setting that two configurations have differently.
struct SettingChange {
  std::string name;
  std::optional<std::string> from;  ///< empty: it was not there
  std::optional<std::string> to;    ///< empty: it is gone
  bool reloadable = true;
};

[[nodiscard]] std::vector<SettingChange> changes_between(const SettingsReport& before,
                                                         const SettingsReport& after);
/// What is in force once everything reloadable of `after` has been taken over.
[[nodiscard]] SettingsReport after_reload(const SettingsReport& before, SettingsReport after);

}  // namespace sluice::config
