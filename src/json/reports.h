#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sluice/pool_manager.h"
#include "sluice/stats.h"

/// What the gateway reports about itself, as JSON. Never contains a secret: options have none, and
/// targets are shown as "user@host:port/database".
namespace sluice::json {

/// POST /databases/connect
[[nodiscard]] std::string to_json(const Connected& connected);
/// GET /databases/<db_id>: settings, state, pool, breaker.
[[nodiscard]] std::string database_to_json(const DatabaseStats& stats);
/// GET /databases: {"databases":[…],"count":N}
[[nodiscard]] std::string databases_to_json(const std::vector<DatabaseStats>& stats);
/// GET /metrics/<db_id>; the fields are listed in docs/http-api.md. `server_json`: the server's own
/// view, already encoded, or empty.
[[nodiscard]] std::string metrics_to_json(const DatabaseStats& stats, std::string_view server_json);
/// GET /metrics: {"pools":[…],"count":N}
[[nodiscard]] std::string metrics_to_json(const std::vector<DatabaseStats>& stats);
/// GET /health. Without `with_databases` only the verdict and the counts.
[[nodiscard]] std::string to_json(const Health& health, bool with_databases);
/// GET /admin/databases/<db_id>/why: {"db_id","state","explanation","breaker":{…},"pool":{…}}
[[nodiscard]] std::string why_to_json(const DatabaseStats& stats);

}  // namespace sluice::json
