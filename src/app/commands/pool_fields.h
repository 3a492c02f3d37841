#pragma once

#include <vector>

#include "app/commands/listing.h"

namespace sluice::app::commands {

/// Whether the database has several hosts.
[[nodiscard]] bool has_hosts(const json::Value& pool);
/// The columns of one database's line, from an element of GET /metrics; `hosts`: what they are,
/// too.
[[nodiscard]] std::vector<Field> pool_fields(bool hosts);

/// Whether its breaker, or an operator, lets no calls through.
[[nodiscard]] bool refuses_calls(const json::Value& pool);
/// How much it needs attention: 0 not at all, higher first.
[[nodiscard]] int severity(const json::Value& pool);

}  // namespace sluice::app::commands
