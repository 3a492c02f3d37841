#pragma once

#include <string>
#include <string_view>

#include "base/random.h"

namespace sluice::http {

/// The caller's id if it is sane (1 to 128 letters, digits and ._:-), so that it can go into logs
/// and headers as it is; otherwise a new one.
[[nodiscard]] std::string request_id(std::string_view callers, base::Random& random);

}  // namespace sluice::http
