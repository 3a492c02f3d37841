// How a connection gives up what runs, and becomes fit for its next user. The rest is in
// async_connection.cc.
#include <sys/socket.h>

#include <cassert>
#include <utility>

#include "postgres/async_connection.h"
#include "postgres/sql_error.h"

namespace sluice::postgres {
namespace {

/// A cancel that arrives before its statement has no effect. Then it is sent again.
constexpr std::chrono::milliseconds kCancelAgain{50};
constexpr int kMostCancels = 5;

}  // namespace

void AsyncConnection::cancel() {
  const bool runs = operation_ && session_.pipeline.waiting() && !lost_ && !abandoned_;
  if (!runs || std::exchange(cancel_wanted_, true)) return;
  const bool was_paused = operation_->paused();
  operation_->on_cancel();
  if (was_paused) wake_.arm(session_.loop.now());
  // One that is under way may concern what ran before; then another follows when it has returned.
  if (cancel_state_ != CancelState::kUnderWay) send_cancel();
}

void AsyncConnection::resume() {
  if (!operation_ || !operation_->paused()) return;
  operation_->resume();
  wake_.arm(session_.loop.now());  // some rows are here already
}

void AsyncConnection::send_cancel() {
  ++cancels_sent_;
  cancel_state_ = CancelState::kUnderWay;
  CancelPtr request(PQgetCancel(&session_.connection));
  const bool accepted =
      state_->canceller.cancel(std::move(request), state_->cancels, ticket_.stub(),
                               [this](bool could_be_sent) { on_cancel_returned(could_be_sent); });
  if (!accepted) on_cancel_refused();
}

void AsyncConnection::on_cancel_refused() {
  cancel_state_ = CancelState::kReturned;
  cancel_refused_ = true;
  abandon();
}

void AsyncConnection::on_cancel_returned(bool could_be_sent) {
  if (!could_be_sent && operation_) return on_cancel_refused();
  cancel_state_ = CancelState::kReturned;
  if (!operation_) return start_wanted_reset();
  if (cancel_wanted_ && cancels_sent_ < kMostCancels)
    cancel_timer_.arm(session_.loop.now() + kCancelAgain);
}

void AsyncConnection::on_cancel_timer() {
  const bool runs = operation_ && session_.pipeline.waiting() && !lost_ && !abandoned_;
  if (!runs || cancel_state_ == CancelState::kUnderWay) return;
  cancel_wanted_ = true;
  send_cancel();
}

void AsyncConnection::abandon() {
  if (abandoned_ || lost_ || closing_ >= 0) return;
  abandoned_ = true;
  ::shutdown(PQsocket(&session_.connection), SHUT_RDWR);
  wake_.arm(session_.loop.now());
}

/// Clients that leave in crowds must not open the breaker of a healthy database: when it was only
/// we who could not send another cancel request, the server is not to blame.
Error AsyncConnection::abandoned_error() const {
  if (!cancel_refused_) return lost_session_error("it was given up, as the server did not answer");
  Error error = lost_session_error(
      "it was given up, as too many cancel requests were under way, or no file descriptor was left "
      "for another");
  error.fault = Fault::kOverload;
  return error;
}

bool AsyncConnection::cleans(ResetPolicy policy) const {
  if (policy == ResetPolicy::kAlways) return session_.used;
  return policy == ResetPolicy::kDirty && (session_.dirty || session_.stale);
}

bool AsyncConnection::needs_reset(ResetPolicy policy) const {
  return unsettled() || session_.in_transaction() || cleans(policy);
}

void AsyncConnection::reset(ResetPolicy policy, Ended ended) {
  assert(!wanted_reset_ && !detached_);
  wanted_reset_ = WantedReset{policy, false, std::move(ended)};
  begin_wanted_reset();
}

void AsyncConnection::settle(Ended ended) {
  assert(!wanted_reset_ && !detached_);
  wanted_reset_ = WantedReset{ResetPolicy::kNever, true, std::move(ended)};
  begin_wanted_reset();
}

bool AsyncConnection::unsettled() const {
  return operation_ || cancel_state_ != CancelState::kNone;
}

void AsyncConnection::begin_wanted_reset() {
  if (lost_ || abandoned_) {
    wake_.arm(session_.loop.now());
    return;
  }
  start_wanted_reset();
}

/// Starts once nothing runs and no cancel is under way.
void AsyncConnection::start_wanted_reset() {
  if (!wanted_reset_ || operation_ || cancel_state_ == CancelState::kUnderWay) return;
  if (lost_) {
    wake_.arm(session_.loop.now());
    return;
  }
  WantedReset wanted = std::move(*wanted_reset_);
  wanted_reset_.reset();
  const SessionReset::Extent extent{
      .after_cancel = std::exchange(cancel_state_, CancelState::kNone) != CancelState::kNone,
      .roll_back = !wanted.keeps_session,
      .clean = cleans(wanted.policy) ||
               (wanted.policy == ResetPolicy::kAlways && !session_.used && must_repeat_settings())};
  operation_ = std::make_unique<SessionReset>(session_, extent, std::move(wanted.ended));
  begun();
}

}  // namespace sluice::postgres
