#pragma once

#include <array>
#include <optional>

#include "json/fields.h"
#include "json/result_encoder.h"
#include "sluice/query.h"

namespace sluice::json {

/// Names that other gateways and drivers use for our fields.
inline constexpr std::array<Hint, 9> kQueryHints{{{"query", "sql"},
                                                  {"statement", "sql"},
                                                  {"text", "sql"},
                                                  {"parameters", "params"},
                                                  {"args", "params"},
                                                  {"values", "params"},
                                                  {"timeout", "timeout_ms"},
                                                  {"limit", "max_rows"},
                                                  {"readonly", "read_only"}}};

/// Reads sql and params.
void read_statement(Fields& fields, Query& query);
/// Reads format, numbers and bytes.
[[nodiscard]] ResultFormat read_format(Fields& fields);
/// Reads route.
[[nodiscard]] std::optional<Route> read_route(Fields& fields);
/// Reads what a query and a fan-out have in common: sql, params, timeout_ms, max_rows, read_only,
/// route, format, numbers, bytes.
void read_query(Fields& fields, Query& query, ResultFormat& format);

}  // namespace sluice::json
