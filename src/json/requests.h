#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json/answer_format.h"
#include "sluice/fan_out.h"
#include "sluice/options.h"
#include "sluice/pool_manager.h"
#include "sluice/query.h"
#include "sluice/result.h"
#include "sluice/stats.h"
#include "sluice/target.h"

/// Request bodies, decoded strictly: unknown and duplicate fields, wrong types and missing fields
/// are errors that name the field (all of them at once, in `Error::fields`) and the nearest known
/// name. Malformed JSON is kInvalidRequest with no `fields`, so that the transport can answer 400.
namespace sluice::json {

/// POST /query/<db_id>
struct QueryRequest {
  Query query;
  AnswerFormat format;
  std::optional<std::chrono::milliseconds> cache_ttl;  ///< a result may be so old
  bool etag = false;                                   ///< the answer gets an ETag
};
[[nodiscard]] Result<QueryRequest> decode_query(std::string_view body);

/// POST /transaction/<db_id>
struct TransactionRequest {
  std::vector<Query> statements;  ///< at least one
  TransactionOptions options;
  std::vector<AnswerFormat> formats;  ///< of each statement's result
  bool dry_run = false;
  bool bare = false;  ///< the answer is {"results": […]} and no more
};
[[nodiscard]] Result<TransactionRequest> decode_transaction(std::string_view body);

/// POST /databases/<db_id>/sessions. Empty: as the settings say.
struct SessionRequest {
  std::optional<std::chrono::milliseconds> timeout;  ///< of the opening
  std::optional<std::chrono::milliseconds> idle_timeout;
  std::optional<std::chrono::milliseconds> max_duration;
};
/// An empty body asks for nothing in particular.
[[nodiscard]] Result<SessionRequest> decode_session(std::string_view body);

/// POST /query/<db_id>/explain
struct ExplainRequest {
  Query query;
  bool analyze = false;
  bool buffers = false;
  bool verbose = false;
  bool as_text = false;  ///< the plan as people read it; else as JSON
};
[[nodiscard]] Result<ExplainRequest> decode_explain(std::string_view body);

/// POST /query
struct FanOutRequest {
  FanOut fan_out;
  ResultFormat format;
  bool merge = false;
};
[[nodiscard]] Result<FanOutRequest> decode_fan_out(std::string_view body);

/// POST /databases/connect.
struct ConnectRequest {
  Target target;
  std::string db_id;  ///< empty: the default id
  DatabaseOptions options;
};
/// Given where a connect goes (its target and id): what it starts from. Options, and the kind of
/// TLS, that the body does not name stay as they are there.
using ConnectBase = std::function<ConnectRequest(const ConnectRequest& wanted)>;
[[nodiscard]] Result<ConnectRequest> decode_connect(std::string_view body, const ConnectBase& base);

/// PATCH /databases/<db_id>: the options after the change. Labels given replace all labels.
[[nodiscard]] Result<DatabaseOptions> decode_patch(std::string_view body,
                                                   const DatabaseOptions& current);

/// POST /admin/databases/<db_id>/breaker. "auto" is kClosed.
struct BreakerRequest {
  BreakerState state = BreakerState::kClosed;
  std::optional<std::chrono::milliseconds> duration;
  std::string reason;
};
[[nodiscard]] Result<BreakerRequest> decode_breaker(std::string_view body);

/// POST /admin/chaos/<db_id>: {"action":"…"}.
[[nodiscard]] Result<std::string> decode_action(std::string_view body);

/// POST /admin/databases/<db_id>/pause and its like: {"reason":"…"}, or no body at all.
[[nodiscard]] Result<std::string> decode_reason(std::string_view body);

}  // namespace sluice::json
