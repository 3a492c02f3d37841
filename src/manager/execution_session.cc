// Calls that run in an interactive session, or open one. The rest is in execution.cc.
#include <algorithm>
#include <string>
#include <utility>

#include "manager/client_sessions.h"
#include "manager/execution.h"
#include "manager/shard.h"

namespace sluice::manager {
namespace {

/// One connection is left for all other calls, if there are several.
SessionLimits limits_of(const DatabaseOptions& options) {
  SessionLimits limits = options.sessions;
  limits.max_per_database =
      std::min(limits.max_per_database, std::max(options.pool.max_size - 1, 1));
  return limits;
}

}  // namespace

/// From the session, which has it already, instead of from the pool.
void Execution::borrow() {
  session_ = shard_->sessions().find(plan_.session->id, plan_.session->proof);
  if (!session_) return finish(fail(unknown_session()));
  const auto session = session_;
  session->borrow(shared_from_this(), [self = shared_from_this()](Result<pool::Lease> lease) {
    self->on_lease(std::move(lease));
  });
  if (state_ != State::kQueued) return;
  alarm_ = Alarm::kUnsettled;
  timer_.arm(plan_.deadline.at());
}

/// The connection is still busy with what was cancelled before.
void Execution::on_unsettled() {
  const auto self = shared_from_this();  // the session may have the last reference
  session_->forget_borrower();
  finish(fail(Error{.code = ErrorCode::kAcquireTimeout,
                    .message = "the statement before was cancelled, and its server did not say "
                               "within this one's time that it is over; send it again",
                    .fault = Fault::kOverload,
                    .retryable = true}));
}

/// Why the connection that it has cannot become a session, after all.
std::optional<Error> Execution::session_refusal() const {
  if (!opens_session_) return std::nullopt;
  if (auto refusal = shard_->refusal()) return refusal;
  return shard_->sessions().refusal(limits_of(shard_->options()));
}

void Execution::give_connection_back(bool well) {
  if (!lease_) return;
  if (session_) return session_->give_back(std::move(lease_));
  if (opens_session_ && well && !answered_) {
    return shard_->sessions().open(*plan_.session, std::move(lease_));
  }
  lease_.release();
}

void Execution::cancel_for_session(SessionEnd why) {
  stop_early({.code = ErrorCode::kCancelled,
              .message = "its session was ended: " + std::string(to_string(why)),
              .db_id = shard_->db_id()});
}

}  // namespace sluice::manager
