// Which of several hosts a call goes to, and when it may go to a second one. A database with a
// single host never comes here.
#include <utility>

#include "manager/execution.h"
#include "manager/shard.h"

namespace sluice::manager {
namespace {

/// It was a primary until a moment ago: the statement was refused before it began. One that failed
/// in the middle of a function has a context.
bool was_demoted(const Error& error) {
  return error.sqlstate() == "25006" && error.sql->where.empty();
}

/// What a host says, or how it falls silent, when it stops being what it was.
bool is_doubtful(const Error& error) {
  return error.fault == Fault::kDatabase || error.code == ErrorCode::kBreakerOpen ||
         error.sqlstate() == "25006";
}

}  // namespace

Wish Execution::wish() const {
  Wish wish;
  wish.route = plan_.read_only ? plan_.route : Route::kPrimary;
  wish.avoid = avoid_;
  wish.avoid_since = failed_at_;
  return wish;
}

void Execution::route() {
  state_ = State::kRouting;
  shard_->add(*this);
  const auto routing = shard_->place().router->route(
      wish(), plan_.deadline, [self = shared_from_this()](Result<std::shared_ptr<Shard>> chosen) {
        self->on_routed(std::move(chosen));
      });
  if (routing != 0) routing_ = routing;  // else it may have been routed once more meanwhile
}

void Execution::on_routed(Result<std::shared_ptr<Shard>> chosen) {
  routing_ = 0;
  if (state_ != State::kRouting) return;
  if (!chosen) return finish(fail(std::move(chosen.error())));
  shard_->remove(*this);
  state_ = State::kNew;
  shard_ = *std::move(chosen);
  begin();
}

/// While it waits for a connection, its host may turn out to be the wrong one.
void Execution::roles_changed() {
  const auto& place = shard_->place();
  if (state_ != State::kQueued || session_) return;
  if (!place.router->misplaced(wish(), place.index)) return;
  shard_->pool().cancel(std::exchange(waiter_, 0));
  shard_->remove(*this);
  permit_ = {};
  route();
}

/// Once, before a second statement of a transaction, and only when nothing was done, or nothing
/// that matters: it was a read, and its caller has seen nothing of it.
bool Execution::moves_on(const Error& error) const {
  const auto& router = shard_->place().router;
  if (!router || state_ == State::kRouting || session_) return false;
  const bool asked_for = error.sqlstate() == "25006" && plan_.read_only;
  if (!is_doubtful(error) || asked_for) return false;
  router->doubt();
  if (moved_ || answered_ || began_answering_ || asked_to_stop_) return false;
  if (plan_.deadline.expired(shard_->loop().now())) return false;
  if (step_ > 1) return false;
  return was_demoted(error) || error.outcome == Outcome::kNotStarted ||
         (plan_.read_only && error.code == ErrorCode::kDatabaseUnavailable);
}

void Execution::move_on() {
  moved_ = true;
  alone_ = false;
  step_ = 0;
  avoid_ = shard_->place().index;
  failed_at_ = shard_->loop().now();
  timings_ = {};
  sent_at_ = {};
  route();
}

}  // namespace sluice::manager
