#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/client/failure.h"
#include "app/commands/session.h"

namespace sluice::app::commands {

struct QueryOptions {
  std::string db_id;
  std::string sql;
  std::vector<std::string> params;
  std::vector<std::string> selector;  ///< "region=eu"
  std::vector<std::string> db_ids;    ///< of a fan-out
  bool all = false;
  bool write = false;
  std::int64_t max_rows = -1;  ///< -1: 1000 for tables, no limit otherwise; 0: no limit
  std::string timeout;

  [[nodiscard]] bool fans_out() const { return all || !selector.empty() || !db_ids.empty(); }
};

/// With a fan-out, the only word is the SQL.
[[nodiscard]] client::Outcome<QueryOptions> settled(QueryOptions options);
/// What `--param` gave, as a JSON list.
[[nodiscard]] std::string params_json(const std::vector<std::string>& params);
/// The body of the request.
[[nodiscard]] client::Outcome<std::string> query_body(const QueryOptions& options, Format format);

}  // namespace sluice::app::commands
