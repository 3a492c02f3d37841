// What a statement makes of errors, of its neighbours' and of a lost connection. The rest is in
// execution.cc.
#include <algorithm>
#include <array>
#include <limits>
#include <string>
#include <utility>

#include "postgres/execution.h"
#include "postgres/sql_error.h"

namespace sluice::postgres {
namespace {

/// What was prepared no longer fits: its result has other columns now, or a parameter has a type
/// that was replaced. Said before anything runs; what is said in the midst of a function has a
/// context.
bool says_outdated(const Error& error) {
  constexpr std::array<std::string_view, 5> kStates{"0A000", "42704", "42804", "42846", "42883"};
  if (error.sqlstate() == "XX000")
    return error.sql->message.starts_with("cache lookup failed for type");
  return error.sql->where.empty() &&
         std::find(kStates.begin(), kStates.end(), error.sqlstate()) != kStates.end();
}

}  // namespace

Error Execution::unknown_type(const std::string& name) {
  return invalid_request("there is no type \"" + name + "\" in this database",
                         {{"params",
                           "\"type\" must be the name of a PostgreSQL type, such as int8; "
                           "leave it out to let the server infer it"}});
}

/// A parameter does not fit its type, which is not the server's own: another one may have that
/// type's name by now (a migration renames an enum, and makes a new one with more labels).
bool Execution::has_unfit_value(const Error& error) const {
  if (error.sqlstate() != "22P02" || error.fields.empty() || !prepared_) return false;
  return std::ranges::any_of(prepared_->parameter_types,
                             [](TypeOid type) { return builtin_type(type) == nullptr; });
}

/// Whatever ran since the last Sync is undone by ROLLBACK, even without BEGIN, which is worth a
/// warning to PostgreSQL.
void Execution::commit_or_undo() {
  if (cancelled_) {
    undone_ = true;
    expect(session_.pipeline.run_unprepared(Step::kHousekeeping, "ROLLBACK", {}));
  }
  end_group();
}

void Execution::on_failure(Step step, const PGresult& result) {
  if (ends_session(result)) {
    unusable_ = lost_session_error(result);
    const bool undone = step != Step::kSync && !traits_.refuses_block;
    unusable_->outcome = !sent_   ? Outcome::kNotStarted
                         : undone ? Outcome::kRolledBack
                                  : Outcome::kUnknown;
    return;
  }
  if (step == Step::kHousekeeping || failure_) return;
  if (std::exchange(tentative_, false)) {
    unanswered_ = true;
    return;
  }
  judge_failure(step, statement_error(result));
}

void Execution::judge_failure(Step step, Error error) {
  if (traits_.commits_in_parts && sent_) {
    error.outcome = Outcome::kUnknown;
    error.retryable = false;
  }
  if (error.sqlstate().empty()) {
    unusable_ = lost_session_error(error.message);  // libpq's own: it cannot go on
    unusable_->outcome = outcome_if_lost();
    return;
  }
  const bool forgotten = error.sqlstate() == "26000";
  const bool unfit = has_unfit_value(error);
  const bool outdated = !traits_.may_commit && (unfit || says_outdated(error));
  const bool may_repair = from_cache_ && !repaired_ && !in_transaction_ && !columns_given_;
  const bool repairable = may_repair && step != Step::kSync && (forgotten || outdated);
  if (repairable && forgotten) session_.stale = session_.dirty = true;
  // The next one prepares it anew.
  if (from_cache_ && place_ == Place::kInTransaction && (forgotten || outdated)) {
    forget(error);
    error.retryable = !unfit;  // most probably it is the value
  }
  if (outgrown_ && error.sqlstate() == "57014") {
    prepared_->usual_bytes = std::numeric_limits<std::int64_t>::max();
    return leave_to_second_try("its result was unusually large");
  }
  if (in_batch()) {
    // It has to be short once more before it may be sent with others again.
    prepared_->usual_duration.reset();
    if (repairable) return leave_batch(error);
    if (error.sqlstate() == "25006" && !read_only_) {
      prepared_->writes_all_the_same = true;
      return leave_to_second_try("it writes");
    }
  }
  repairing_ = repairable;
  if (step == Step::kTypes && !names_to_find_.empty()) error = unknown_type(names_to_find_.front());
  if (step == Step::kPrepare) session_.types->forget_names();
  failure_ = judge_interrupt(std::move(error));
}

/// In a batch the statement cannot be prepared anew, as the others wait for the end.
void Execution::leave_batch(const Error& error) {
  forget(error);
  leave_to_second_try("its prepared statement was outdated");
}

/// One that was sent before it has failed, and the server skips all that follows.
void Execution::on_skipped() {
  skipped_ = place_ == Place::kInTransaction;
  if (!in_batch() || failure_) return;
  leave_to_second_try("one that was sent with it failed");
}

void Execution::leave_to_second_try(std::string_view why) {
  Error error;
  error.code = ErrorCode::kDatabaseUnavailable;
  error.message = "the statement did not run, because " + std::string(why) + "; try again";
  error.fault = Fault::kCaller;
  error.retryable = true;
  failure_ = std::move(error);
}

/// The server no longer knows the statement, or its tables have changed: prepared anew, once.
void Execution::repair() {
  repairing_ = ending_ = sent_ = false;
  repaired_ = true;
  forget(*std::exchange(failure_, std::nullopt));
  begin_building(prepared_->sql);
  send_session_settings();
  send_settings();
  send_prepare();
}

/// What the server has said it no longer knows, or knows differently.
void Execution::forget(const Error& error) {
  if (error.sqlstate() == "26000") {
    session_.forget_statements();
  } else {
    session_.cache.erase(*prepared_);
  }
}

void Execution::on_lost(const Error& why) {
  if (failure_ && !repairing_) return;
  failure_ = unusable_ ? *unusable_ : why;
  if (!unusable_) failure_->outcome = outcome_if_lost();
  failure_->retryable = failure_->fault != Fault::kCredentials &&
                        failure_->code != ErrorCode::kInvalidRequest &&
                        (failure_->outcome != Outcome::kUnknown || harmless());
}

/// A server whose answers nobody reads does not hear of a cancel: what it still sends is read and
/// thrown away.
void Execution::on_cancel() {
  cancelled_ = true;
  if (!std::exchange(paused_, false)) return;
  discarding_ = cut_off_ = true;
}

/// The statement had been run to its end all the same.
Error Execution::cancelled_too_late() const {
  Error error;
  error.code = ErrorCode::kCancelled;
  error.message = undone_ ? "the call was cancelled, and what it wrote was rolled back"
                          : "the call was cancelled while its reader paused";
  error.outcome = harmless() || undone_ ? Outcome::kRolledBack : Outcome::kUnknown;
  return error;
}

/// 57014 is our own cancel, the server's statement_timeout, or somebody's pg_cancel_backend.
Error Execution::judge_interrupt(Error error) const {
  if (error.sqlstate() != "57014") return error;
  if (cancelled_) {
    error.code = ErrorCode::kCancelled;
    error.message = "the call was cancelled while the statement ran";
  } else if (timeout_.count() > 0 && session_.loop.now() - started_ >= timeout_) {
    error.code = ErrorCode::kQueryTimeout;
    error.message = "the statement ran longer than " + std::to_string(timeout_.count()) + " ms";
    error.fault = Fault::kOverload;
  }
  return error;
}

}  // namespace sluice::postgres
