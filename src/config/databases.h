#pragma once

#include "config/node.h"

namespace sluice::config {

/// Reads the section "databases" into `config`, whose defaults are complete. A database with a
/// mistake is left out.
void read_databases(const Node& root, Config& config, Mistakes& mistakes);

}  // namespace sluice::config
