#pragma once

#include <string>
#include <string_view>

#include "sluice/error.h"
#include "sluice/target.h"

namespace sluice::postgres {

/// What libpq's text about a failed connect says. The text is in PQERRORS_VERBOSE form, in any
/// language: "…: FATAL:  3D000: database "x" does not exist\nLOCATION:  …".
struct ConnectFailure {
  std::string sqlstate;  ///< empty: the server never said one
  std::string severity;
  std::string message;  ///< one line, without LOCATION
};

[[nodiscard]] ConnectFailure read_connect_failure(std::string_view text);

/// The error of a connect that failed so.
[[nodiscard]] Error connect_error(const Target& target, const ConnectFailure& failure);
/// … whose deadline passed. `doing`: "resolving the host name", "waiting for the server".
[[nodiscard]] Error connect_timeout_error(const Target& target, std::string_view doing);
/// … whose host name has no address.
[[nodiscard]] Error unknown_host_error(const Target& target, std::string_view why);

}  // namespace sluice::postgres
