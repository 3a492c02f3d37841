// A statement of a transaction: what it asks and when it is sent is decided by the Transaction. The
// rest is in execution.cc.
#include <utility>

#include "postgres/execution.h"

namespace sluice::postgres {
namespace {

/// A result that was never larger will hardly be too large for anybody.
constexpr std::int64_t kSurelySmall = 64 * 1024;

}  // namespace

/// A command without rows and parameters needs no description.
void Execution::set_up_in_transaction(const Query& query) {
  in_transaction_ = true;
  params_ = query.params;
  if (prepared_) return;
  begin_building(query.sql);
  const bool has_parameters = !params_.empty() || query.sql.find('$') != std::string::npos;
  if (traits_.gives_no_rows && !has_parameters) prepared_ = building_;
}

bool Execution::ready() {
  if (failure_) return true;
  if (!prepared_ && names_to_find_.empty()) {
    // One before it may have asked.
    prepared_ = session_.cache.find(building_->sql, forced_types_);
  }
  return prepared_ != nullptr;
}

void Execution::ask(Question question) {
  tentative_ = question == Question::kTentative;
  unanswered_ = skipped_ = false;
  session_.used = true;
  if (!names_to_find_.empty() || !types_to_find_.empty()) return send_lookup();
  send_prepare();
}

bool Execution::asks_the_same(const Execution& other) const {
  const bool is_kept = session_.cache.capacity() > 0 && worth_keeping(building_->sql);
  return is_kept && names_to_find_.empty() && other.names_to_find_.empty() &&
         forced_types_ == other.forced_types_ && building_->sql == other.building_->sql;
}

bool Execution::send(bool first) {
  if (failure_) return false;
  tentative_ = false;
  Status fits = check_names();
  if (fits) fits = session_.values.encode(params_, prepared_->parameter_types, *session_.types);
  if (!fits) return refuse(fits.error()), false;
  session_.used = true;
  if (first) send_session_settings();
  // Also as the first query, after which nobody can make it another kind of transaction.
  if (first || read_only_) send_settings();
  if (prepared_->name.empty()) {
    expect(
        session_.pipeline.prepare(Step::kPrepare, "", prepared_->sql, prepared_->parameter_types));
  }
  send_statement();
  return true;
}

bool Execution::fits_surely() const {
  if (!prepared_ || !prepared_->has_result || !harmless()) return true;
  return prepared_->usual_bytes && *prepared_->usual_bytes <= kSurelySmall;
}

}  // namespace sluice::postgres
