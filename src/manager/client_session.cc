#include "manager/client_session.h"

#include <utility>

#include "manager/client_sessions.h"
#include "manager/execution.h"
#include "manager/live_call.h"

namespace sluice::manager {
namespace {

/// How long the server may take to answer that nothing is left of a cancelled statement.
constexpr std::chrono::seconds kSettleLimit{5};

std::chrono::milliseconds millis(base::Duration duration) {
  return std::chrono::floor<std::chrono::milliseconds>(duration);
}

Error busy_error() {
  return {.code = ErrorCode::kSessionBusy,
          .message = "the session runs another statement; send one at a time",
          .retryable = true};
}

Error lost_error() {
  return {.code = ErrorCode::kDatabaseUnavailable,
          .message =
              "the session has lost its connection, and what it had not committed is rolled "
              "back; open another session",
          .fault = Fault::kDatabase};
}

/// What cannot wait until the statement has ended by itself.
bool cancels(SessionEnd why) { return why != SessionEnd::kDrained && why != SessionEnd::kBreaker; }

}  // namespace

std::string_view to_string(SessionEnd end) {
  switch (end) {
    case SessionEnd::kClosed:
      return "closed";
    case SessionEnd::kIdle:
      return "idle";
    case SessionEnd::kExpired:
      return "expired";
    case SessionEnd::kKilled:
      return "killed";
    case SessionEnd::kLost:
      return "lost";
    case SessionEnd::kDrained:
      return "drained";
    case SessionEnd::kBreaker:
      return "breaker";
  }
  return "closed";
}

Error unknown_session() {
  return {.code = ErrorCode::kUnknownSession,
          .message =
              "there is no such session here, or the secret is not its own; it may have "
              "ended: open another"};
}

ClientSession::ClientSession(ClientSessions& book, base::EventLoop& loop, SessionUse use,
                             pool::Lease lease)
    : book_(book),
      loop_(loop),
      use_(std::move(use)),
      opened_at_(loop.now()),
      lease_(std::move(lease)),
      idle_timer_(loop.timers(), [this] { end(SessionEnd::kIdle); }),
      life_timer_(loop.timers(), [this] { end(SessionEnd::kExpired); }),
      settle_timer_(loop.timers(), [this] { lease_.connection().abandon(); }) {
  lease_.keep();
  life_timer_.arm(opened_at_ + use_.max_duration);
  rest();
}

void ClientSession::rest() {
  state_ = State::kIdle;
  idle_since_ = loop_.now();
  idle_timer_.arm(idle_since_ + use_.idle_timeout);
}

void ClientSession::borrow(const std::shared_ptr<Execution>& borrower, Borrowed borrowed) {
  if (ending_) return borrowed(fail(unknown_session()));
  if (state_ == State::kLent || waiting_) return borrowed(fail(busy_error()));
  if (state_ == State::kIdle && lease_.connection().broken()) {
    borrowed(fail(lost_error()));
    return end(SessionEnd::kLost);
  }
  borrower_ = borrower;
  idle_timer_.disarm();
  if (state_ == State::kSettling) {
    waiting_ = std::move(borrowed);
    return;
  }
  state_ = State::kLent;
  borrowed(std::move(lease_));
}

void ClientSession::forget_borrower() { waiting_ = nullptr; }

void ClientSession::give_back(pool::Lease lease) {
  lease_ = std::move(lease);
  const auto& connection = lease_.connection();
  if (connection.broken()) return settled(false);
  connection.unsettled() ? settle() : settled(true);
}

/// What is left of a result, or of a cancel, must not meet the next statement.
void ClientSession::settle() {
  state_ = State::kSettling;
  settle_timer_.arm(loop_.now() + kSettleLimit);
  lease_.connection().settle([self = shared_from_this()](const Status& status) {
    self->settle_timer_.disarm();
    self->settled(status.has_value());
  });
}

void ClientSession::settled(bool good) {
  const auto self = shared_from_this();
  const auto waiting = std::exchange(waiting_, nullptr);
  if (!good && !ending_) ending_ = SessionEnd::kLost;
  if (ending_) {
    if (waiting) waiting(fail(good ? unknown_session() : lost_error()));
    return finish();
  }
  if (!waiting) return rest();
  state_ = State::kLent;
  waiting(std::move(lease_));
}

void ClientSession::end(SessionEnd why) {
  if (ending_) return;
  ending_ = why;
  if (state_ == State::kIdle) return finish();
  idle_timer_.disarm();
  life_timer_.disarm();
  const auto borrower = borrower_.lock();
  if (state_ == State::kLent && borrower && cancels(why)) borrower->cancel_for_session(why);
}

void ClientSession::finish() {
  const auto self = shared_from_this();
  state_ = State::kEnded;
  idle_timer_.disarm();
  life_timer_.disarm();
  lease_.release();
  book_.ended(*this, *ending_);
}

bool ClientSession::in_transaction() const {
  return state_ == State::kIdle && lease_.connection().in_transaction();
}

SessionView ClientSession::look() const {
  const auto now = loop_.now();
  SessionView view{.id = use_.id, .actor = use_.actor, .client = use_.client};
  view.state = state_ != State::kIdle ? "running" : in_transaction() ? "in_transaction" : "idle";
  view.age = millis(now - opened_at_);
  if (state_ == State::kIdle) view.idle = millis(now - idle_since_);
  view.expires_in = millis(opened_at_ + use_.max_duration - now);
  return view;
}

std::optional<base::TimePoint> ClientSession::holds_since() const {
  if (state_ != State::kIdle) return std::nullopt;
  return opened_at_;
}

Holder ClientSession::as_holder(const Asker& asker) const {
  Holder holder;
  holder.age = millis(loop_.now() - opened_at_);
  const Origin owner{use_.actor, use_.client, {}, {}};
  if (!asker.may_see(client_id(&owner))) return holder;
  holder.statement = in_transaction() ? "a session idle in a transaction" : "an idle session";
  holder.statement += " \"" + use_.id + '"';  // in quotes, as names are no literals
  holder.client = client_name(owner);
  return holder;
}

}  // namespace sluice::manager
