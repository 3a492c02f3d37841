#pragma once

#include <string_view>

#include "sluice/error.h"

namespace sluice::postgres {

/// Whom an SQLSTATE speaks against when the session has survived it: nearly always the caller.
[[nodiscard]] Fault fault_of_statement(std::string_view sqlstate);
/// … when the session ended with it.
[[nodiscard]] Fault fault_of_lost_session(std::string_view sqlstate);
/// … when the server refused the connect with it.
[[nodiscard]] Fault fault_of_connect(std::string_view sqlstate);

/// Whether the same statement may succeed when it is simply run again.
[[nodiscard]] bool worth_repeating(std::string_view sqlstate);

}  // namespace sluice::postgres
