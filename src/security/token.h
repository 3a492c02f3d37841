#pragma once

#include <string>

namespace sluice::security {

/// A new secret that nobody guesses: 256 random bits as 64 hex digits.
[[nodiscard]] std::string new_token();

}  // namespace sluice::security
