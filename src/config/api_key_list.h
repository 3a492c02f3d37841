#pragma once

#include "config/node.h"

namespace sluice::config {

/// Reads security.api_keys, and SLUICE_API_KEY or SLUICE_API_KEY_FILE as an admin's key named
/// "env".
void read_api_keys(const Node& root, const Environment& environment, Config& config,
                   Mistakes& mistakes);

}  // namespace sluice::config
