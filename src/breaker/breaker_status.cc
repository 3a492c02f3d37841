// What a breaker says about itself: its status, its refusals, its explanation.
#include <algorithm>
#include <chrono>
#include <string>

#include "breaker/breaker.h"

namespace sluice::breaker {
namespace {

using base::Duration;
using base::TimePoint;
using std::chrono::milliseconds;
using std::chrono::seconds;

// Sooner than this nobody need come back, be the trial as near as it may.
constexpr Duration kSoonest = milliseconds(250);
// When an operator keeps it open without an end.
constexpr Duration kWhoKnows = seconds(30);

std::optional<double> rate(std::int64_t part, std::int64_t whole, int minimum) {
  if (whole == 0 || whole < minimum) return std::nullopt;
  return static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

BreakerStatus Breaker::status(TimePoint now) const {
  const Counts counts = window_.sum(now, options_.window);
  BreakerStatus status;
  status.state = state_;
  status.in_state_for = std::chrono::floor<milliseconds>(now - since_);
  status.window_calls = counts.calls;
  status.window_failures = counts.failures;
  status.failure_rate = rate(counts.failures, counts.calls, options_.minimum_calls);
  status.slow_rate = rate(counts.slow, counts.timed, options_.minimum_calls);
  if (state_ == BreakerState::kOpen) {
    status.next_trial_in =
        std::chrono::ceil<milliseconds>(std::max(open_until_ - now, Duration::zero()));
  }
  status.opened_count = opened_count_;
  status.rejected = rejected_;
  status.succeeded = succeeded_;
  status.failed = failed_;
  status.not_counted = not_counted_calls_;
  status.reason = operator_reason_.empty() ? std::string(opened_by_.rule) : operator_reason_;
  status.explanation = explain(now);
  if (connects_fail(now)) status.connect_failures = connect_failures_in_a_row_;
  return status;
}

Error Breaker::refusal(TimePoint now) const {
  Error error;
  error.code = ErrorCode::kBreakerOpen;
  error.message = explain(now);
  error.retryable = true;
  error.retry_after = std::chrono::ceil<milliseconds>(come_back_in(now));
  // For programs: the words say it already.
  if (state_ == BreakerState::kOpen && opened_by_.rule == "rejected_by_server")
    error.sql = rejection_;
  return error;
}

Duration Breaker::come_back_in(TimePoint now) const {
  if (state_ == BreakerState::kOpen) return std::max(open_until_ - now, kSoonest);
  if (state_ != BreakerState::kForcedOpen) return kSoonest;
  return override_until_ ? std::max(*override_until_ - now, kSoonest) : kWhoKnows;
}

Evidence Breaker::evidence(TimePoint now) const {
  return {window_.sum(now, options_.window), failures_.list(now, options_.window),
          not_counted_.list(now, options_.window)};
}

std::string Breaker::explain(TimePoint now) const {
  switch (state_) {
    case BreakerState::kClosed:
      return explain_watched(now);
    case BreakerState::kOpen:
      return explain_open(now);
    case BreakerState::kHalfOpen:
      return explain_trials();
    case BreakerState::kForcedOpen:
      return explain_override(now);
    case BreakerState::kForcedClosed:
      return explain_override(now) + "; " + explain_watched(now);
    case BreakerState::kObserveOnly:
      return explain_override(now) + "; " + explain_observed(now) + "; " + explain_watched(now);
  }
  return {};
}

bool Breaker::connects_fail(TimePoint now) const {
  return connect_failures_in_a_row_ > 0 && now - connect_failed_at_ < options_.window;
}

/// While calls may pass. Connects that fail come first: the pool refuses calls for them before any
/// rule is broken.
std::string Breaker::explain_watched(TimePoint now) const {
  std::string text;
  if (connects_fail(now)) {
    text = explain_connects_so_far(connect_failures_in_a_row_, connect_failure_, options_) + "; ";
  }
  return text + explain_closed(evidence(now), options_);
}

std::string Breaker::explain_open(TimePoint now) const {
  std::string text = opened_by_.evidence;
  if (probes_failed_ > 0) {
    text += "; " + std::to_string(probes_failed_) +
            (probes_failed_ == 1 ? " probe has failed since: "
                                 : " probes have failed since, the last: ") +
            last_probe_;
  } else if (!last_probe_.empty()) {
    text += "; the last probe could not be made: " + last_probe_;
  }
  if (probing_) return text + "; a probe is under way";
  return text + "; next trial in " + in_words(std::max(open_until_ - now, Duration::zero()));
}

std::string Breaker::explain_trials() const {
  return "a probe succeeded, and a few calls are tried: " + std::to_string(trials_.succeeded) +
         " of " + std::to_string(options_.half_open_successes) + " succeeded, " +
         std::to_string(trials_.under_way) + " under way, at most " +
         std::to_string(trials_.places) + " at once; it had opened: " + opened_by_.evidence;
}

std::string Breaker::explain_override(TimePoint now) const {
  std::string text = state_ == BreakerState::kObserveOnly  ? "observing only, by an operator"
                     : state_ == BreakerState::kForcedOpen ? "held open by an operator"
                                                           : "held closed by an operator";
  if (!operator_reason_.empty()) text += " (" + operator_reason_ + ")";
  if (override_until_)
    text += " for " + in_words(std::max(*override_until_ - now, Duration::zero())) + " more";
  return text;
}

std::string Breaker::explain_observed(TimePoint now) const {
  if (observed_.count == 0) return "it would not have opened";
  const std::string ago = in_words(now - observed_.last) + " ago: " + observed_.evidence;
  if (observed_.count == 1) return "it would have opened " + ago;
  return "it would have opened " + std::to_string(observed_.count) + " times, the last time " + ago;
}

}  // namespace sluice::breaker
