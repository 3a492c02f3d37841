#pragma once

#include <string>

#include "config/config.h"

namespace sluice::app {

/// What came of connecting to every configured database.
struct Trial {
  std::string text;  ///< one line for each
  bool all_work = true;
};
/// Logs in to each database, all at the same time, and out again.
[[nodiscard]] Trial try_databases(const config::Config& config);

}  // namespace sluice::app
