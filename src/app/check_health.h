#pragma once

#include <string>

#include "sluice/result.h"

namespace sluice::app {

/// Asks the gateway that listens on this address (HOST:PORT, [IPV6]:PORT or unix:/path) for `path`,
/// with GET. "Every address", 0.0.0.0 and [::], is asked on loopback. Fails unless the answer's
/// status is 200; the message says what came instead. Blocks, for a few seconds at most.
[[nodiscard]] Status check_health(const std::string& listen, const std::string& path);

}  // namespace sluice::app
