#include "manager/execution.h"

#include <algorithm>
#include <string>
#include <utility>

#include "manager/shard.h"

namespace sluice::manager {
namespace {

constexpr std::chrono::milliseconds kHungAfter{500};
/// A server hears of a cancel only when what it has sent of a stream was read, over a slow line
/// too.
constexpr std::chrono::milliseconds kStreamHungAfter{5'000};
constexpr std::chrono::milliseconds kLargestMargin{100};

/// Ten times what the slowest in a batch usually takes.
constexpr std::chrono::milliseconds kStalledAfter{20};

std::chrono::microseconds micros(base::Duration duration) {
  return std::chrono::duration_cast<std::chrono::microseconds>(duration);
}

std::string seconds_text(base::Duration duration) {
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count()) +
         " ms";
}

base::Duration hung_after(const Plan& plan) {
  return plan.silence.count() > 0 ? kStreamHungAfter : kHungAfter;
}

/// Each worker counts its own calls.
std::uint64_t next_number() {
  thread_local std::uint64_t last = 0;
  return ++last;
}

}  // namespace

Execution::Execution(std::shared_ptr<Shard> shard, Plan plan)
    : home_(shard->loop()),
      shard_(std::move(shard)),
      plan_(std::move(plan)),
      opens_session_(plan_.session && plan_.session->id.empty()),
      client_(client_id(plan_.origin)),
      timer_(shard_->loop().timers(), [this] { on_alarm(); }) {}

Execution::~Execution() = default;

void Execution::start() {
  if (state_ == State::kEnded) return;  // cancelled before it began
  queued_at_ = shard_->loop().now();
  number_ = next_number();
  const bool is_placed = plan_.session && !opens_session_;
  shard_->place().router && !is_placed ? route() : begin();
}

void Execution::begin() {
  if (!permitted()) return;
  shard_->add(*this);
  enqueue();
}

/// If not, it has been answered.
bool Execution::permitted() {
  if (auto refusal = shard_->refusal()) return finish(fail(*std::move(refusal))), false;
  auto permit = shard_->breaker().acquire(shard_->loop().now());
  shard_->follow_breaker();
  if (!permit) return finish(fail(std::move(permit.error()))), false;
  permit_ = std::move(*permit);
  return true;
}

void Execution::enqueue() {
  state_ = State::kQueued;
  if (plan_.session && !opens_session_) return borrow();
  const auto patience =
      base::Deadline::after(shard_->loop().now(), shard_->options().pool.acquire_timeout);
  errand_.reset();
  if (!is_transaction() && !is_stream() && !alone_ && !opens_session_) {
    errand_.emplace(pool::Errand{plan_.steps.front().query, {.timeout = plan_.timeout}});
  }
  const auto waiter = shard_->pool().acquire(
      plan_.deadline.sooner(patience),
      [self = shared_from_this()](Result<pool::Lease> lease) { self->on_lease(std::move(lease)); },
      errand_ ? &*errand_ : nullptr, client_);
  // Refused at once, it may wait at another host already.
  if (waiter != 0) waiter_ = waiter;
}

void Execution::on_lease(Result<pool::Lease> lease) {
  waiter_ = 0;
  const auto now = shard_->loop().now();
  timings_.queue = micros(now - queued_at_);
  if (state_ == State::kEnded) return;
  if (!lease) {
    if (lease.error().code == ErrorCode::kAcquireTimeout) name_holders(lease.error());
    return finish(fail(std::move(lease.error())));
  }
  lease_ = std::move(*lease);
  timings_.connect = micros(lease_.connect_time());
  shard_->note_connection(lease_.connection());
  state_ = State::kRunning;
  sent_at_ = heard_at_ = now;
  const bool in_batch = lease_.first_of_batch() || lease_.shared();
  is_stream() ? arm_for_silence() : arm(in_batch ? Alarm::kStalled : Alarm::kCancel);
  run();
}

void Execution::arm(Alarm first) {
  const auto margin = std::min<base::Duration>(plan_.timeout / 10, kLargestMargin);
  const auto cancel_at = plan_.deadline.at() - margin;
  const auto stalled_at = sent_at_ + kStalledAfter;
  const bool soon = first == Alarm::kStalled && stalled_at < cancel_at;
  alarm_ = soon ? Alarm::kStalled : Alarm::kCancel;
  timer_.arm(soon ? stalled_at : cancel_at);
}

void Execution::run() {
  const pool::ExecuteOptions options{.timeout = plan_.timeout,
                                     .first_of_batch = lease_.first_of_batch(),
                                     .second_try = alone_ || session_,
                                     .in_session = session_ != nullptr};
  auto done = [self = shared_from_this()](Result<Completion> result) {
    self->on_done(std::move(result));
  };
  if (is_transaction()) return run_transaction(options, std::move(done));
  lease_.connection().execute(plan_.steps.front().query, options, *this, std::move(done));
}

/// `done` keeps this alive until all parts have ended.
void Execution::run_transaction(const pool::ExecuteOptions& options, pool::Connection::Done done) {
  pool::TransactionOrder order;
  for (const Step& step : plan_.steps) order.parts.push_back({step.query, step.internal});
  order.keeps_nothing = plan_.keeps_nothing;
  order.part_done = [this](const Completion& completion) { step_done(completion); };
  lease_.connection().transact(order, options, *this, std::move(done));
}

void Execution::on_done(Result<Completion> result) {
  if (state_ == State::kReplaced) {
    timer_.disarm();
    return lease_.release();
  }
  if (!result && may_run_again() && needs_second_try(result.error()) && !asked_to_stop_)
    return run_alone(result.error());
  end_pause();
  timings_.database = micros(running_time());
  if (result) {
    if (auto refusal = session_refusal()) result = fail(*std::move(refusal));
  }
  if (!result) return finish(fail(judged(std::move(result.error()))));
  step_done(*result);
  finish(std::move(result));
}

/// Nothing is made of an answer that was given before: its sink is in use elsewhere.
void Execution::step_done(const Completion& completion) {
  const Step& step = plan_.steps[step_++];
  shard_->count_rows(completion.rows);
  if (answered_) return;
  if (!step.internal) {
    shard_->calls().record_result(completion, step.sink ? step.sink->bytes() : 0);
  }
  if (step.on_completed) step.on_completed(completion);
}

void Execution::on_alarm() {
  switch (alarm_) {
    case Alarm::kUnsettled:
      return on_unsettled();
    case Alarm::kStalled:
      return on_stall();
    case Alarm::kSilent:
      return on_silence();
    case Alarm::kCancel:
      alarm_ = Alarm::kAnswer;
      timer_.arm(plan_.deadline.at());
      return ask_to_stop();
    case Alarm::kAnswer:
      alarm_ = Alarm::kAbandon;
      timer_.arm(plan_.deadline.at() + hung_after(plan_));
      return answer(fail(timeout_error(Outcome::kUnknown)));
    case Alarm::kAbandon:
      return abandon();
  }
}

/// Whose rows are there waits for the others of its batch only: a cancel cannot hit it any more.
void Execution::on_stall() {
  if (lease_.shared() && may_run_again()) return run_alone_elsewhere();
  if (lease_.shared() && began_answering_) ask_to_stop();
  arm(Alarm::kCancel);
}

/// Unless others of its batch still hope.
void Execution::abandon() {
  if (state_ == State::kReplaced && !lease_.forsake()) return;
  hung_ = cancel_sent_;
  given_up_ = true;
  lease_.connection().abandon();
}

bool Execution::may_run_again() const {
  return !alone_ && !began_answering_ && !answered_ && !is_transaction() && !session_;
}

/// Because the connection had bet on something, or a batch lost it, of which all are reads.
bool Execution::needs_second_try(const Error& error) const {
  if (error.code != ErrorCode::kDatabaseUnavailable || !error.retryable) return false;
  const bool lost_a_bet = error.outcome == Outcome::kNotStarted && error.fault == Fault::kCaller;
  return lost_a_bet || lease_.shared();
}

void Execution::run_alone(const Error& error) {
  timer_.disarm();
  alone_ = true;
  permit_.settle(&error, shard_->loop().now());
  lease_.release();
  if (permitted()) enqueue();
}

/// This one stays with the connection until its answer has come, and nobody hears of that.
void Execution::run_alone_elsewhere() {
  const auto next = std::make_shared<Execution>(shard_, std::move(plan_));
  next->predecessor_ = shared_from_this();
  successor_ = next;
  next->alone_ = true;
  next->queued_at_ = queued_at_;
  next->number_ = number_;
  shard_->remove(*this);
  state_ = State::kReplaced;
  answered_ = true;
  permit_ = {};
  ask_to_stop();
  alarm_ = Alarm::kAbandon;
  timer_.arm(shard_->loop().now() + kHungAfter);
  if (!next->permitted()) return;
  shard_->add(*next);
  next->enqueue();
}

void Execution::cancel() {
  stop_early({.code = ErrorCode::kCancelled,
              .message = "the call was cancelled, or its caller has gone",
              .db_id = shard_->db_id()});
}

void Execution::cancel_for_drain() {
  stop_early({.code = ErrorCode::kDraining,
              .message = "the database was closed before the call ended",
              .fault = Fault::kCaller,
              .db_id = shard_->db_id()});
}

void Execution::cancel_by(const std::string& actor) {
  stop_early({.code = ErrorCode::kCancelled,
              .message = "cancelled by an operator: " + actor,
              .db_id = shard_->db_id()});
}

void Execution::stop_early(Error error) {
  if (state_ == State::kReplaced) {
    if (const auto next = successor_.lock()) next->stop_early(std::move(error));
    return;
  }
  if (state_ == State::kEnded) return;
  if (state_ != State::kRunning) {
    if (waiter_ != 0) shard_->pool().cancel(waiter_);
    if (session_) session_->forget_borrower();
    if (routing_ != 0) shard_->place().router->forget(routing_);
    return finish(fail(std::move(error)));
  }
  ask_to_stop();
  if (alarm_ != Alarm::kAbandon) {
    alarm_ = Alarm::kAbandon;
    timer_.arm((cancel_sent_ ? shard_->loop().now() : plan_.deadline.at()) + hung_after(plan_));
  }
  error.outcome = plan_.read_only ? Outcome::kRolledBack : Outcome::kUnknown;
  error.retryable = plan_.read_only;
  answer(fail(std::move(error)));
}

/// Not while others of its batch wait for theirs: the cancel might hit those.
void Execution::ask_to_stop() {
  asked_to_stop_ = true;
  if (cancel_sent_ || !lease_.forsake()) return;
  cancel_sent_ = true;
  lease_.connection().cancel();
}

/// What the call makes of a statement's error: knows of cancels, hangs and transactions, which the
/// connection does not.
Error Execution::judged(Error error) const {
  const auto ran = shard_->loop().now() - sent_at_;
  if (hung_) {
    Error hung = timeout_error(Outcome::kUnknown);
    hung.message = "the server did not even answer a cancel request within 500 ms";
    hung.fault = Fault::kDatabase;
    return hung;
  }
  if (given_up_ || cancel_was_impossible(error)) return timeout_error(Outcome::kUnknown);
  if (error.sqlstate() == "57014" && (asked_to_stop_ || ran >= plan_.timeout)) {
    const bool in_doubt = error.outcome == Outcome::kUnknown;  // it may have committed a part
    Error late = timeout_error(in_doubt ? Outcome::kUnknown : Outcome::kRolledBack);
    late.sql = std::move(error.sql);
    return late;
  }
  if (asked_to_stop_ && error.code == ErrorCode::kCancelled) return timeout_error(error.outcome);
  if (asked_to_stop_ && may_run_again() && needs_second_try(error))
    return timeout_error(Outcome::kRolledBack);
  const auto statements = std::ranges::count(plan_.steps, false, &Step::internal);
  if (statements > 1 && !plan_.steps[step_].internal) {
    error.message = "statement " + std::to_string(step_) + ": " + error.message;
  }
  return error;
}

/// Its time was over, and as no cancel request could be sent, its connection was given up.
bool Execution::cancel_was_impossible(const Error& error) const {
  return cancel_sent_ && error.code == ErrorCode::kDatabaseUnavailable &&
         error.fault == Fault::kOverload && error.sqlstate().empty();
}

Error Execution::timeout_error(Outcome outcome) const {
  return {.code = ErrorCode::kQueryTimeout,
          .message = "the statement was cancelled because it exceeded its " +
                     seconds_text(plan_.timeout) +
                     "; raise timeout_ms, or make the statement cheaper",
          .outcome = outcome,
          .fault = Fault::kOverload,
          .retryable = plan_.read_only || outcome == Outcome::kRolledBack,
          .db_id = shard_->db_id()};
}

void Execution::finish(Result<Completion> result) {
  // What was sent in a batch before may have run; it was a read, of which nothing remains.
  if (alone_ && !result && result.error().outcome == Outcome::kNotStarted)
    result.error().outcome = Outcome::kRolledBack;
  const auto self = shared_from_this();  // releasing may drop the last other reference
  const bool moves = !result && moves_on(result.error());
  leave(result);
  moves ? move_on() : answer(std::move(result));
}

/// Gives back what it holds, and tells everybody how it went here.
void Execution::leave(const Result<Completion>& result) {
  const bool counted = state_ != State::kNew;
  state_ = State::kEnded;
  timer_.disarm();
  const Error* error = result ? nullptr : &result.error();
  if (counted) shard_->remove(*this);
  shard_->record(error, timings_, lease_ ? Shard::Reached::kServer : Shard::Reached::kNothing);
  if (lease_) shard_->calls().record(operation(), error, timings_.database);
  // What kept a caller from getting a connection at all was reported to the breaker by the pool.
  const bool of_the_pool = !lease_ && error && error->fault == Fault::kDatabase;
  if (!of_the_pool) permit_.settle(error, shard_->loop().now());
  permit_ = {};
  give_connection_back(result.has_value());
  shard_->follow_breaker();
}

Operation Execution::operation() const {
  return is_transaction() ? Operation::kBatch : operation_of(plan_.steps.front().query.sql);
}

/// Of a call that fails, wherever it is.
Timings Execution::timings_so_far() const {
  Timings timings = timings_;
  const auto now = shard_->loop().now();
  const bool queued = queued_at_ != base::TimePoint{};
  const bool sent = sent_at_ != base::TimePoint{};
  if (queued && !sent) timings.queue = micros(now - queued_at_);
  if (sent && timings.database.count() == 0) timings.database = micros(running_time());
  return timings;
}

void Execution::answer(Result<Completion> result) {
  if (answered_) return;
  answered_ = true;
  if (result) {
    result->timings = timings_;
    result->host = shard_->place().name;
  } else {
    result.error().timings = timings_so_far();
    if (result.error().db_id.empty()) result.error().db_id = shard_->db_id();
  }
  auto done = std::move(plan_.done);
  if (!plan_.reply_to || plan_.reply_to->is_current()) return done(std::move(result));
  plan_.reply_to->post(
      [done = std::move(done), result = std::move(result)]() mutable { done(std::move(result)); });
}

}  // namespace sluice::manager
