#include "support/script.h"

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <utility>

namespace sluice::testing {
namespace {

Error database_error(ErrorCode code, Fault fault, std::string message) {
  Error error;
  error.code = code;
  error.fault = fault;
  error.message = std::move(message);
  return error;
}

Error with_sqlstate(Error error, std::string sqlstate) {
  SqlDiagnostics sql;
  sql.sqlstate = std::move(sqlstate);
  sql.severity = "ERROR";
  sql.message = error.message;
  error.sql = std::make_shared<const SqlDiagnostics>(std::move(sql));
  return error;
}

}  // namespace

Error refused_connection() {
  Error error =
      database_error(ErrorCode::kDatabaseUnavailable, Fault::kDatabase, "connection refused");
  error.retryable = true;
  return error;
}

Error rejected_credentials() {
  return with_sqlstate(database_error(ErrorCode::kConnectionRejected, Fault::kCredentials,
                                      "password authentication failed"),
                       "28P01");
}

Error too_many_connections() {
  return with_sqlstate(database_error(ErrorCode::kDatabaseUnavailable, Fault::kOverload,
                                      "sorry, too many clients already"),
                       "53300");
}

Error session_lost() {
  Error error = database_error(ErrorCode::kDatabaseUnavailable, Fault::kDatabase,
                               "the server closed the connection");
  error.outcome = Outcome::kUnknown;
  return error;
}

Error sql_error(std::string sqlstate, std::string message, Fault fault) {
  Error error = database_error(ErrorCode::kSqlError, fault, std::move(message));
  error.outcome = Outcome::kRolledBack;
  return with_sqlstate(std::move(error), std::move(sqlstate));
}

Answer Answer::ok(base::Duration after) {
  Answer answer;
  answer.after = after;
  return answer;
}

Answer Answer::fails(Error error, base::Duration after) {
  Answer answer = ok(after);
  answer.kind = Kind::kError;
  answer.error = std::move(error);
  return answer;
}

Answer Answer::never() {
  Answer answer;
  answer.kind = Kind::kNever;
  return answer;
}

Answer Answer::loses_connection(base::Duration after) {
  Answer answer = fails(session_lost(), after);
  answer.loses_session = true;
  return answer;
}

Answer Answer::with_rows(std::vector<std::string> columns, std::vector<FakeRow> rows) {
  Answer answer;
  answer.columns = std::move(columns);
  answer.rows = std::move(rows);
  return answer;
}

Answer Answer::wrote(std::string command, std::int64_t affected) {
  Answer answer;
  answer.command = std::move(command);
  answer.affected = affected;
  return answer;
}

Answer Answer::later(base::Duration delay) const {
  Answer answer = *this;
  answer.after = delay;
  return answer;
}

Answer Answer::dirty() const {
  Answer answer = *this;
  answer.dirties_session = true;
  return answer;
}

Answer Answer::echo(int times) const {
  Answer answer = *this;
  answer.echoes = times;
  answer.columns = {"statement"};
  return answer;
}

Answer Answer::flushed() const {
  Answer answer = *this;
  answer.is_flushed = true;
  return answer;
}

Answer Script::take() {
  ++calls_;
  if (next_.empty()) return default_;
  Answer answer = std::move(next_.front());
  next_.pop_front();
  return answer;
}

void Script::answer_oldest(Answer answer) {
  if (waiting_.empty()) throw std::logic_error("no call waits for an answer");
  waiting_.front()->end(std::move(answer));
}

void Script::answer_newest(Answer answer) {
  if (waiting_.empty()) throw std::logic_error("no call waits for an answer");
  waiting_.back()->end(std::move(answer));
}

void Script::answer_all_at(base::TimePoint at, const Answer& answer) {
  for (Call* call : waiting_) call->end_at(at, answer);
}

Call::Call(base::EventLoop& loop, Script& script, Finished finished)
    : script_(script),
      finished_(std::move(finished)),
      answer_(script.take()),
      timer_(loop.timers(), [this] { end(answer_); }) {
  if (answer_.kind == Answer::Kind::kNever) {
    script_.waiting_.push_back(this);
  } else {
    timer_.arm(loop.now() + answer_.after);
  }
}

Call::~Call() { std::erase(script_.waiting_, this); }

void Call::end(Answer answer) {
  timer_.disarm();
  std::erase(script_.waiting_, this);
  const auto finished = std::move(finished_);
  finished(answer);  // may destroy this
}

void Call::end_at(base::TimePoint at, Answer answer) {
  answer_ = std::move(answer);
  timer_.arm(at);
}

}  // namespace sluice::testing
