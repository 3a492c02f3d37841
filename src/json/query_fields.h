#pragma once

#include "json/fields.h"
#include "json/result_encoder.h"
#include "sluice/query.h"

namespace sluice::json {

/// Reads what a query and a fan-out have in common: sql, params, timeout_ms, max_rows, read_only,
/// format, numbers, bytes.
void read_query(Fields& fields, Query& query, ResultFormat& format);

}  // namespace sluice::json
