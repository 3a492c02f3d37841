#include "postgres/transaction.h"

#include <algorithm>
#include <utility>

#include "postgres/sql_error.h"

namespace sluice::postgres {
namespace {

using Question = Execution::Question;

Error cancelled_error() {
  Error error;
  error.code = ErrorCode::kCancelled;
  error.message = "the call was cancelled before the transaction had ended";
  return error;
}

/// The last of the answers to one member's question, or to its statement.
bool ends_turn(const Pipeline::Answer& answer) {
  const bool last = answer.step == Step::kDescribe || answer.step == Step::kTypes;
  return !answer.result && (last || is_statement(answer.step));
}

}  // namespace

Transaction::Transaction(Session& session, const pool::TransactionOrder& order,
                         const pool::ExecuteOptions& options, User user)
    : session_(session),
      keeps_nothing_(order.keeps_nothing),
      tell_part_done_(order.part_done),
      done_(std::move(user.done)) {
  pool::ExecuteOptions own = options;
  for (const pool::TransactionOrder::Part& part : order.parts) {
    own.internal = part.internal;
    members_.push_back(std::make_unique<Execution>(
        session_, part.query, own,
        Execution::User{user.sink,
                        [this](Result<Completion> result) { on_part_done(std::move(result)); }},
        Execution::Place::kInTransaction));
  }
  send_deallocations();
  advance();
}

/// Each in a group of its own: a failure there must not touch the statements.
void Transaction::send_deallocations() {
  for (const std::string& name : session_.cache.take_evicted()) {
    command("DEALLOCATE " + name);
    sync();
  }
}

// --- rounds ------------------------------------------------------------------------------------

/// Sends all that can be sent now. Called when nothing is outstanding.
void Transaction::advance() {
  if (failure_ || done_count_ == members_.size()) return;
  if (cancelled_) {
    failure_ = cancelled_error();
    failure_->outcome = outcome_if_lost();
    return;
  }
  const std::size_t unready = first_unready();
  if (unready < members_.size() && may_ask_before_beginning(unready)) {
    ask_all(unready, Question::kTentative);
    return sync();
  }
  run(unready);
}

std::size_t Transaction::first_unready() {
  std::size_t i = done_count_;
  while (i < members_.size() && members_[i]->ready()) ++i;
  return i;
}

/// Not if it depends on what the transaction does, or was asked in vain.
bool Transaction::may_ask_before_beginning(std::size_t from) const {
  if (sent_count_ > 0 || members_[from]->unanswered()) return false;
  return std::all_of(members_.begin() + 1, members_.begin() + static_cast<std::ptrdiff_t>(from),
                     [](const auto& member) { return member->leaves_session_alone(); });
}

/// Of all from there on whose meaning nothing can change that is still to run. Within the
/// transaction only the first question may fail for real; the others leave no trace.
void Transaction::ask_all(std::size_t from, Question first) {
  const bool inside = first == Question::kForReal;
  std::vector<Execution*> asked;
  for (std::size_t i = from; i < members_.size(); ++i) {
    Execution& member = *members_[i];
    const auto asks_the_same = [&](const Execution* other) { return member.asks_the_same(*other); };
    const bool may_be_asked = i == from || !member.unanswered();
    if (!member.ready() && may_be_asked && std::ranges::none_of(asked, asks_the_same)) {
      if (inside && asked.size() == 1) begin_trying();
      ask(member, i == from ? first : Question::kTentative);
      asked.push_back(&member);
    }
    if (!member.leaves_session_alone()) break;
  }
  if (inside && asked.size() > 1) end_trying();
}

void Transaction::ask(Execution& member, Question question) {
  member.ask(question);
  answering_.push_back(&member);
  if (!unusable_) unusable_ = member.unusable();
}

void Transaction::begin_trying() {
  command("SAVEPOINT sluice");
  sync();
}

void Transaction::end_trying() {
  sync();
  command("ROLLBACK TO SAVEPOINT sluice");
  command("RELEASE SAVEPOINT sluice");
}

/// All that is ready, up to `end`. The next one is asked for behind them: it is its turn then.
void Transaction::run(std::size_t end) {
  const bool whole = end == members_.size();
  const bool along = whole && end_may_go_along();
  const std::size_t stop = whole && !along ? last() : end;
  while (sent_count_ < stop) {
    Execution& member = *members_[sent_count_];
    if (along && !keeps_nothing_) member.accept_cut();
    if (!send(member)) break;
  }
  const bool refused = sent_count_ < stop;
  // What is refused reports when all before it have ended.
  if (refused && sent_count_ == done_count_) return members_[done_count_]->report();
  if (!refused && !whole) ask_all(end, Question::kForReal);
  sync();
}

/// Each is answered when it has run, so that it is known which one runs.
bool Transaction::send(Execution& member) {
  if (!member.send(sent_count_ == 1)) return false;
  if (++sent_count_ < members_.size()) expect(session_.pipeline.flush_request());
  answering_.push_back(&member);
  if (!unusable_) unusable_ = member.unusable();
  return true;
}

/// When no result before it can be too large any more, which would undo everything.
bool Transaction::end_may_go_along() const {
  return keeps_nothing_ ||
         std::all_of(members_.begin() + static_cast<std::ptrdiff_t>(done_count_),
                     members_.end() - 1, [](const auto& member) { return member->fits_surely(); });
}

void Transaction::command(const std::string& sql) {
  expect(session_.pipeline.run_unprepared(Step::kHousekeeping, sql, {}));
}

void Transaction::sync() {
  ++syncs_;
  expect(session_.pipeline.sync());
}

void Transaction::expect(bool sent) {
  if (sent || unusable_) return;
  unusable_ = lost_session_error(one_line(PQerrorMessage(&session_.connection)));
  unusable_->outcome = outcome_if_lost();
}

// --- answers -----------------------------------------------------------------------------------

void Transaction::on_answer(const Pipeline::Answer& answer) {
  if (answer.step == Step::kSync) return on_sync(answer.result.get());
  if (answer.step == Step::kHousekeeping) return on_housekeeping(answer.result.get());
  if (answering_.empty()) return;
  Execution& member = *answering_.front();
  member.on_answer(answer);
  note_unusable(member, answer.result.get());
  if (!ends_turn(answer)) return;
  answering_.pop_front();
  if (is_statement(answer.step) && !failure_ && !unusable_) member.report();
}

/// Its failure does not matter, unless it is that of the session.
void Transaction::on_housekeeping(const PGresult* result) {
  const bool failed = result && PQresultStatus(result) == PGRES_FATAL_ERROR;
  if (!failed || !ends_session(*result) || unusable_) return;
  unusable_ = lost_session_error(*result);
  unusable_->outcome = outcome_if_lost();
}

/// What the server ends before it has come to the end of the transaction is undone.
void Transaction::note_unusable(const Execution& member, const PGresult* result) {
  if (unusable_ || !member.unusable()) return;
  unusable_ = member.unusable();
  const bool said = result && PQresultStatus(result) == PGRES_FATAL_ERROR && ends_session(*result);
  const bool undone = said && sent_count_ > 0 && &member != members_.back().get();
  unusable_->outcome = undone ? Outcome::kRolledBack : outcome_if_lost();
}

void Transaction::on_sync(const PGresult* result) {
  if (PQresultStatus(result) == PGRES_FATAL_ERROR) {
    unusable_ = lost_session_error(*result);
    unusable_->outcome = outcome_if_lost();
    return;
  }
  if (--syncs_ == 0) advance();
}

void Transaction::on_part_done(Result<Completion> result) {
  if (!result) {
    Error error = std::move(result.error());
    if (done_count_ < last()) error.outcome = Outcome::kRolledBack;
    failure_ = std::move(error);
    return;
  }
  if (++done_count_ < members_.size()) return tell_part_done_(*result);
  completion_ = std::move(*result);
}

void Transaction::on_cancel() {
  cancelled_ = true;
  for (const auto& member : members_) member->on_cancel();
}

/// Whoever has heard of the end need not hear more.
void Transaction::on_lost(const Error& why) {
  if (failure_ || completion_) return;
  failure_ = unusable_ ? *unusable_ : why;
  if (!unusable_) failure_->outcome = outcome_if_lost();
  failure_->retryable = failure_->fault != Fault::kCredentials &&
                        failure_->code != ErrorCode::kInvalidRequest &&
                        failure_->outcome != Outcome::kUnknown;
}

Outcome Transaction::outcome_if_lost() const {
  if (sent_count_ == 0) return Outcome::kNotStarted;
  const bool may_have_ended = sent_count_ == members_.size() && !keeps_nothing_;
  return may_have_ended ? Outcome::kUnknown : Outcome::kRolledBack;
}

void Transaction::report() {
  const auto done = std::move(done_);
  if (failure_) return done(fail(std::move(*failure_)));
  done(std::move(*completion_));
}

}  // namespace sluice::postgres
