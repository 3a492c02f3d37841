#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "postgres/execution.h"
#include "postgres/sql_error.h"

namespace sluice::postgres {
namespace {

/// "INSERT 0 5" → "INSERT", "CREATE TABLE" as it is.
std::string command_word(std::string_view tag) {
  std::size_t end = 0;
  while (end < tag.size() && !std::isdigit(static_cast<unsigned char>(tag[end]))) ++end;
  while (end > 0 && tag[end - 1] == ' ') --end;
  return std::string(tag.substr(0, end));
}

/// CREATE TABLE … AS calls itself SELECT, but gives no rows.
bool writes_rows(std::string_view command, const PGresult& result) {
  if (command == "SELECT") return PQresultStatus(&result) == PGRES_COMMAND_OK;
  return command == "INSERT" || command == "UPDATE" || command == "DELETE" || command == "MERGE";
}

}  // namespace

void Execution::on_statement_answer(const PGresult& result) {
  switch (PQresultStatus(&result)) {
    case PGRES_SINGLE_TUPLE:
      return on_rows(result);
    case PGRES_TUPLES_OK:
      on_rows(result);
      return complete(result);
    case PGRES_COMMAND_OK:
    case PGRES_EMPTY_QUERY:
      return complete(result);
    default:
      break;
  }
  unusable_ = lost_session_error("the statement began a COPY, which is not possible here");
  unusable_->code = ErrorCode::kInvalidRequest;
  unusable_->fault = Fault::kCaller;
  unusable_->outcome = Outcome::kRolledBack;
}

void Execution::on_rows(const PGresult& rows) {
  if (discarding_) return;
  if (!columns_given_) {
    columns_given_ = true;
    sink_.on_columns(prepared_->columns);
  }
  for (int row = 0; row < PQntuples(&rows) && !discarding_; ++row) hand_out(rows, row);
}

void Execution::hand_out(const PGresult& rows, int row) {
  if (max_rows_ && completion_.rows >= *max_rows_) return cut(false);
  cells_.resize(prepared_->columns.size());
  if (cells_.size() != static_cast<std::size_t>(PQnfields(&rows))) {
    unusable_ = lost_session_error("a row does not have the columns that were described");
    return;
  }
  for (std::size_t i = 0; i < cells_.size(); ++i) {
    const int column = static_cast<int>(i);
    const auto size = static_cast<std::size_t>(PQgetlength(&rows, row, column));
    const bool is_null = size == 0 && PQgetisnull(&rows, row, column);
    cells_[i] = is_null ? Cell{} : Cell{PQgetvalue(&rows, row, column), size};
  }
  for (const Cell& cell : cells_) bytes_ += static_cast<std::int64_t>(cell.size);
  ++completion_.rows;
  rows_given_ = true;
  const RowVerdict verdict = sink_.on_row(cells_);
  if (verdict == RowVerdict::kTooLarge) cut(true);
  paused_ = verdict == RowVerdict::kPause && !cancelled_;
}

void Execution::on_lull() {
  if (std::exchange(rows_given_, false) && !discarding_) sink_.on_lull();
}

/// A read is over for its user at once. A write runs to its end, so that what is said of it is
/// true.
void Execution::cut(bool too_large) {
  discarding_ = true;
  completion_.truncated = true;
  too_large_ = too_large;
  early_ = harmless() && !in_transaction_;
  if (early_) completion_.command = "SELECT";
}

void Execution::complete(const PGresult& result) {
  note_size();
  // They may have gone, too; outside of sessions the reset sees to that.
  if (in_session_ && traits_.stales_statements) session_.forget_statements();
  const std::string command = command_word(PQcmdStatus(const_cast<PGresult*>(&result)));
  completion_.command = command;
  if (writes_rows(command, result))
    completion_.affected = std::atoll(PQcmdTuples(const_cast<PGresult*>(&result)));
}

/// One large result is remembered for a while.
void Execution::note_size() {
  const std::int64_t before = prepared_->usual_bytes.value_or(0);
  if (prepared_->name.empty()) return;
  prepared_->usual_bytes = std::max(bytes_, before - before / 8);
}

Result<Completion> Execution::outcome() {
  if (failure_) return fail(std::move(*failure_));
  if (cut_off_ || undone_) return fail(cancelled_too_late());
  if (too_large_ && harmless() && !cut_accepted_) {
    Error error;
    error.code = ErrorCode::kResultTooLarge;
    error.message =
        "the result is larger than its limit; ask for fewer rows or columns, or raise "
        "query.max_result_bytes";
    error.outcome = Outcome::kRolledBack;
    return fail(std::move(error));
  }
  completion_.committed = completion_.truncated && (!harmless() || cut_accepted_);
  completion_.timings.database =
      std::chrono::duration_cast<std::chrono::microseconds>(session_.loop.now() - started_);
  return std::move(completion_);
}

void Execution::report() {
  if (std::exchange(reported_, true)) return;
  const auto done = std::move(done_);
  done(outcome());
}

}  // namespace sluice::postgres
