#include "postgres/batch.h"

#include <algorithm>
#include <utility>

#include "postgres/sql_error.h"

namespace sluice::postgres {
namespace {

/// Half of what the manager waits before it gives a batch up.
constexpr std::chrono::milliseconds kLongest{10};

}  // namespace

bool Batch::takes(const Query& query, const pool::ExecuteOptions& options) const {
  if (options.timeout != timeout_) return false;
  const auto takes = Execution::short_read(session_, query);
  return takes && expected_ + takes->usual <= kLongest;
}

void Batch::add(const Query& query, const pool::ExecuteOptions& options, Execution::User user) {
  if (members_.empty()) timeout_ = options.timeout;
  const auto place = settings_sent_ ? Execution::Place::kBehindOthers : Execution::Place::kFirst;
  members_.push_back(std::make_unique<Execution>(session_, query, options, std::move(user), place));
  if (const auto read = Execution::short_read(session_, query)) expected_ += read->usual;
  settings_sent_ |= members_.back()->sent();
  note_unusable(*members_.back());
}

void Batch::close() {
  if (session_.pipeline.sync() || unusable_) return;
  unusable_ = lost_session_error(one_line(PQerrorMessage(&session_.connection)));
}

/// Those that were refused have sent nothing, and nothing is answered.
Execution* Batch::current() {
  while (answered_ < members_.size() && !members_[answered_]->sent()) ++answered_;
  return answered_ < members_.size() ? members_[answered_].get() : nullptr;
}

void Batch::on_answer(const Pipeline::Answer& answer) {
  if (answer.step == Step::kSync) {
    // An error at the end of the transaction concerns all of them.
    for (const auto& member : members_) {
      if (member->sent()) member->on_answer(answer);
      note_unusable(*member);
    }
    return;
  }
  Execution* const member = current();
  if (!member) return;
  member->on_answer(answer);
  note_unusable(*member);
  if (is_statement(answer.step) && !answer.result) ++answered_;
}

void Batch::on_lost(const Error& why) {
  for (const auto& member : members_) member->on_lost(why);
}

bool Batch::collects() const {
  return std::ranges::any_of(members_, [](const auto& member) { return member->collects(); });
}

void Batch::on_outgrown() {
  for (const auto& member : members_) member->on_outgrown();
}

void Batch::on_cancel() {
  for (const auto& member : members_) member->on_cancel();
}

void Batch::note_unusable(const Execution& member) {
  if (!unusable_) unusable_ = member.unusable();
}

/// Each user holds the connection until it is told, so that all of them can be told.
void Batch::report() {
  for (const auto& member : members_) member->report();
}

}  // namespace sluice::postgres
