#pragma once

#include <functional>

#include "gateway/query_service.h"
#include "http/api.h"

namespace sluice::http {

/// Whether the client asks for its request to be carried out once, however often it is sent
/// (draft-ietf-httpapi-idempotency-key-header).
[[nodiscard]] inline bool has_idempotency_key(const Request& request) {
  return request.count_of_header("idempotency-key") > 0;
}

/// `failing_index`: of a transaction's statements, or -1.
using OnceDone = std::function<void(Result<gateway::QueryAnswer>, int failing_index)>;

/// Calls `run`, unless the same request is under way or done already, and answers in each case.
/// What runs is not given up when the client leaves: that is when it will ask again.
void answer_once(const ApiCall& call, const std::function<void(OnceDone)>& run);

}  // namespace sluice::http
