#pragma once

#include <string>

#include "manager/live_call.h"

namespace sluice::gateway {

/// Appends the caller's trace to a statement, as sqlcommenter writes it, so that the server's own
/// log and pg_stat_activity name it. On a line of its own, as the statement may end in a comment.
inline void append_trace_comment(std::string& sql, const manager::Origin* origin) {
  if (!origin || origin->traceparent.empty()) return;
  // The value is hexadecimal digits and dashes: nothing in it can end the comment.
  sql.append("\n/*traceparent='").append(origin->traceparent).append("'*/");
}

}  // namespace sluice::gateway
