#pragma once

#include <string>

#include "config/config.h"

namespace sluice::app {

/// One line per mistake, "file:line:column: what is wrong".
[[nodiscard]] std::string describe_mistakes(const config::LoadResult& result);

/// "ok" and what would be served: address, keys and databases, without secrets.
[[nodiscard]] std::string describe_configuration(const config::Config& config);

}  // namespace sluice::app
