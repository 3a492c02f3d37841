#pragma once

#include <string>
#include <string_view>

namespace sluice::gateway {

/// The version of this build, "0.1.0".
[[nodiscard]] std::string_view version();
/// The version of libpq that is loaded, "15.8".
[[nodiscard]] std::string libpq_version();

}  // namespace sluice::gateway
