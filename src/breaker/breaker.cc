#include "breaker/breaker.h"

#include <algorithm>
#include <utility>

namespace sluice::breaker {
namespace {

using base::Duration;
using base::TimePoint;
using std::chrono::seconds;

constexpr double kJitter = 0.2;
// Closed for so long, a breaker starts again with the first open time.
constexpr Duration kForgivenAfter = std::chrono::minutes(1);
constexpr int kMaxTrialPlaces = 4;
// A trial that runs for so long no longer keeps others from trying: it may be a long statement, and
// one statement must not keep a healthy database shut.
constexpr Duration kTrialPatience = seconds(5);

bool is_override(BreakerState state) {
  return state == BreakerState::kForcedOpen || state == BreakerState::kForcedClosed ||
         state == BreakerState::kObserveOnly;
}

// Rates are quotients; 0.7 of 10 must be reached by 7.
bool reaches(std::int64_t part, std::int64_t whole, double rate) {
  constexpr double kRounding = 1e-9;
  return part > 0 && static_cast<double>(part) + kRounding >= rate * static_cast<double>(whole);
}

}  // namespace

Permit::Permit(Permit&& other) noexcept
    : breaker_(std::exchange(other.breaker_, nullptr)), generation_(other.generation_) {}

Permit& Permit::operator=(Permit&& other) noexcept {
  if (this == &other) return *this;
  give_back();
  breaker_ = std::exchange(other.breaker_, nullptr);
  generation_ = other.generation_;
  return *this;
}

Permit::~Permit() { give_back(); }

void Permit::give_back() {
  if (Breaker* breaker = std::exchange(breaker_, nullptr)) breaker->given_back(generation_);
}

void Permit::settle(const Error* error, TimePoint now) {
  if (Breaker* breaker = std::exchange(breaker_, nullptr))
    breaker->settled(generation_, error, now);
}

Breaker::Breaker(const BreakerOptions& options, base::Random& random, TimePoint now)
    : options_(options), random_(random), since_(now) {}

Result<Permit> Breaker::acquire(TimePoint now) {
  tick(now);
  const bool trying = state_ == BreakerState::kHalfOpen;
  if (refusing() || (trying && !take_trial_place(now))) {
    ++rejected_;
    return fail(refusal(now));
  }
  return Permit(*this, generation_);
}

void Breaker::settled(std::uint64_t generation, const Error* error, TimePoint now) {
  if (generation != generation_) {
    ++not_counted_calls_;
    return;
  }
  given_back(generation);
  if (!error) return call_succeeded(now);
  switch (error->fault) {
    case Fault::kDatabase:
      return failed(*error, "a trial call", now);
    case Fault::kCredentials:
      return rejected_by_server(*error, now);
    case Fault::kCaller:
    case Fault::kOverload:
      ++not_counted_calls_;
      return not_counted_.add(*error, now, options_.window);
  }
}

void Breaker::given_back(std::uint64_t generation) {
  if (generation == generation_ && state_ == BreakerState::kHalfOpen) --trials_.under_way;
}

void Breaker::call_succeeded(TimePoint now) {
  ++succeeded_;
  ++window_.current(now, options_.window).calls;
  if (state_ == BreakerState::kHalfOpen) return trial_succeeded(now);
  judge(now);
}

void Breaker::failed(const Error& error, std::string_view what, TimePoint now) {
  Counts& counts = window_.current(now, options_.window);
  ++counts.calls;
  ++counts.failures;
  ++failed_;
  failures_.add(error, now, options_.window);
  if (state_ != BreakerState::kHalfOpen) return judge(now);
  open({"trial_failed", std::string(what) + " failed after " + std::to_string(trials_.succeeded) +
                            " of " + std::to_string(options_.half_open_successes) +
                            " had succeeded: " + in_words(error)},
       "trial_failed", now);
}

void Breaker::rejected_by_server(const Error& error, TimePoint now) {
  Counts& counts = window_.current(now, options_.window);
  ++counts.calls;
  ++counts.failures;
  ++failed_;
  failures_.add(error, now, options_.window);
  rejection_ = error.sql;
  Broken broken{"rejected_by_server", explain_rejection(error)};
  if (state_ == BreakerState::kObserveOnly) return observe(std::move(broken), now);
  if (state_ == BreakerState::kForcedClosed) return;
  open(std::move(broken), "rejected_by_server", now);
}

bool Breaker::relevant(Duration took, TimePoint now) const {
  return !refusing() && now - took >= since_;
}

void Breaker::report_connect(Duration took, const Error* error, TimePoint now) {
  tick(now);
  if (!relevant(took, now)) return;
  if (!error) {
    connect_failures_in_a_row_ = 0;
    return timed(took, now);
  }
  if (error->fault == Fault::kCredentials) return rejected_by_server(*error, now);
  if (error->fault != Fault::kDatabase) return not_counted_.add(*error, now, options_.window);
  ++connect_failures_in_a_row_;
  connect_failed_at_ = now;
  connect_failure_ = in_words(*error);
  failed(*error, "a connect", now);
}

void Breaker::report_ping(Duration took, const Error* error, TimePoint now) {
  tick(now);
  if (!relevant(took, now)) return;
  if (!error) return timed(took, now);
  if (error->fault == Fault::kDatabase) failed(*error, "a ping", now);
}

void Breaker::timed(Duration took, TimePoint now) {
  Counts& counts = window_.current(now, options_.window);
  ++counts.timed;
  if (took > options_.slow) ++counts.slow;
  judge(now);
}

bool Breaker::take_trial_place(TimePoint now) {
  if (trials_.under_way >= trials_.places && now < trials_.last_began + kTrialPatience)
    return false;
  ++trials_.under_way;
  trials_.last_began = now;
  return true;
}

void Breaker::trial_succeeded(TimePoint now) {
  if (++trials_.succeeded >= options_.half_open_successes) {
    std::string text =
        std::to_string(trials_.succeeded) +
        " trial calls succeeded; it had opened: " + std::exchange(opened_by_, {}).evidence;
    enter(BreakerState::kClosed, "trials_succeeded", std::move(text), now);
    return forget_window();
  }
  if (++trials_.succeeded_in_stage < trials_.places) return;
  trials_.succeeded_in_stage = 0;
  trials_.places = std::min(2 * trials_.places, kMaxTrialPlaces);
}

void Breaker::judge(TimePoint now) {
  const bool observing = state_ == BreakerState::kObserveOnly;
  if (state_ != BreakerState::kClosed && !observing) return;
  auto broken = broken_rule(now);
  if (observing) return observe(std::move(broken), now);
  if (!broken) return;
  const std::string_view rule = broken->rule;
  open(*std::move(broken), rule, now);
}

std::optional<Breaker::Broken> Breaker::broken_rule(TimePoint now) const {
  const Counts counts = window_.sum(now, options_.window);
  if (connect_failures_in_a_row_ >= std::max(options_.consecutive_connect_failures, 1)) {
    return Broken{"connect_failures",
                  explain_connects(connect_failures_in_a_row_, evidence(now), options_)};
  }
  if (counts.calls >= options_.minimum_calls &&
      reaches(counts.failures, counts.calls, options_.failure_rate)) {
    return Broken{"failure_rate", explain_failures(evidence(now), options_)};
  }
  if (counts.timed >= options_.minimum_calls &&
      reaches(counts.slow, counts.timed, options_.slow_rate)) {
    return Broken{"slow_rate", explain_slow(evidence(now), options_)};
  }
  return std::nullopt;
}

void Breaker::observe(std::optional<Broken> broken, TimePoint now) {
  const bool newly = broken && !observed_.broken;
  observed_.broken = broken.has_value();
  if (!newly) return;
  ++observed_.count;
  observed_.last = now;
  observed_.evidence = std::move(broken->evidence);
}

void Breaker::open(Broken broken, std::string_view reason, TimePoint now) {
  const Duration open_for = next_open_time(now);
  opened_by_ = std::move(broken);
  probes_failed_ = 0;
  last_probe_.clear();
  ++opened_count_;
  wait_for_probe(open_for, now);
  open_for_ = open_for;
  enter(BreakerState::kOpen, reason, {}, now);
  transitions_.back().explanation = explain_open(now);
}

void Breaker::wait_for_probe(Duration open_for, TimePoint now) {
  open_until_ = now + base::jittered(open_for, kJitter, random_);
}

Duration Breaker::next_open_time(TimePoint now) const {
  const bool forgiven = state_ == BreakerState::kClosed && now - since_ >= kForgivenAfter;
  const Duration longest = options_.max_open_for;
  if (forgiven || open_for_ == Duration::zero())
    return std::min<Duration>(options_.open_for, longest);
  return std::min(2 * open_for_, longest);
}

bool Breaker::probe_due(TimePoint now) const {
  return state_ == BreakerState::kOpen && !probing_ && now >= open_until_;
}

void Breaker::probe_started() { probing_ = state_ == BreakerState::kOpen; }

void Breaker::probe_finished(const Error* error, TimePoint now) {
  if (!std::exchange(probing_, false)) return;  // the state has changed in the meantime
  if (!error) {
    enter(BreakerState::kHalfOpen, "probe_succeeded", {}, now);
    forget_window();
    transitions_.back().explanation = explain_trials();
    return;
  }
  last_probe_ = in_words(*error);
  if (error->fault == Fault::kCaller || error->fault == Fault::kOverload) {
    return wait_for_probe(options_.open_for, now);
  }
  ++probes_failed_;
  if (error->fault == Fault::kCredentials) {
    rejection_ = error->sql;
    opened_by_ = {"rejected_by_server", explain_rejection(*error)};
  }
  open_for_ = next_open_time(now);
  wait_for_probe(open_for_, now);
}

void Breaker::force(BreakerState state, std::optional<Duration> duration, std::string reason,
                    TimePoint now) {
  if (!is_override(state) && state != BreakerState::kClosed) return;
  start_afresh();
  if (is_override(state)) {
    operator_reason_ = reason;
    if (duration) override_until_ = now + *duration;
  }
  if (state == state_) return;
  enter(state, "operator", {}, now);
  transitions_.back().explanation =
      is_override(state) ? explain(now)
                         : "back to its own judgement" + (reason.empty() ? "" : ": " + reason);
}

void Breaker::tick(TimePoint now) {
  if (!override_until_ || now < *override_until_) return;
  const std::string over(to_string(state_));
  start_afresh();
  enter(BreakerState::kClosed, "override_over", "the time of the operator's " + over + " is over",
        now);
}

std::optional<TimePoint> Breaker::next_event() const {
  if (override_until_) return override_until_;
  if (state_ == BreakerState::kOpen && !probing_) return open_until_;
  return std::nullopt;
}

void Breaker::enter(BreakerState state, std::string_view reason, std::string explanation,
                    TimePoint now) {
  BreakerTransition transition;
  transition.from = std::exchange(state_, state);
  transition.to = state;
  transition.reason = reason;
  transition.explanation = std::move(explanation);
  transitions_.push_back(std::move(transition));
  since_ = now;
  ++generation_;
  probing_ = false;
  trials_ = {};
}

void Breaker::forget_window() {
  window_.clear();
  failures_.clear();
  not_counted_.clear();
  connect_failures_in_a_row_ = 0;
}

void Breaker::start_afresh() {
  forget_window();
  opened_by_ = {};
  open_for_ = Duration::zero();
  observed_ = {};
  operator_reason_.clear();
  override_until_.reset();
}

std::vector<BreakerTransition> Breaker::take_transitions() {
  return std::exchange(transitions_, {});
}

bool Breaker::refusing() const {
  return state_ == BreakerState::kOpen || state_ == BreakerState::kForcedOpen;
}

}  // namespace sluice::breaker
