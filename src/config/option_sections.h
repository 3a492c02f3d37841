#pragma once

#include <array>
#include <string_view>

#include "config/node.h"

namespace sluice::config {

/// The sections that a database's options consist of; at the top of the file they are the defaults.
inline constexpr std::array<std::string_view, 6> kOptionSections{"pool",    "query",   "breaker",
                                                                 "session", "routing", "sessions"};

/// Reads those sections of `parent` into `options`, which hold the defaults on entry.
/// Contradictions that the defaults do not have already are mistakes.
void read_options(const Node& parent, DatabaseOptions& options, Mistakes& mistakes);

/// The same for the defaults, which other pools' variables (DB_POOL_SIZE, …) can set too.
void read_default_options(const Node& root, const Environment& environment,
                          DatabaseOptions& options, Mistakes& mistakes);

}  // namespace sluice::config
