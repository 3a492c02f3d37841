#pragma once

#include "config/config.h"
#include "config/node.h"

namespace sluice::config {

/// What the configuration says, setting by setting, with the place in `root` or the environment
/// that says it.
[[nodiscard]] std::vector<SettingReport> settings_of(const Node& root,
                                                     const Environment& environment,
                                                     const Config& config);

}  // namespace sluice::config
