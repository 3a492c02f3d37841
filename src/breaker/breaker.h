#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "base/time.h"
#include "breaker/explanation.h"
#include "breaker/reasons.h"
#include "breaker/window.h"
#include "sluice/observer.h"
#include "sluice/options.h"
#include "sluice/result.h"
#include "sluice/stats.h"

namespace sluice::breaker {

class Breaker;

/// Leave to make one call. Move-only; a permit that is never settled counts as ignored and gives
/// its place back. The breaker must outlive its permits.
class Permit {
 public:
  Permit() = default;
  Permit(Permit&& other) noexcept;
  Permit& operator=(Permit&& other) noexcept;
  ~Permit();

  /// Tells the breaker how the call ended: `error` is null for success. Only `Error::fault`
  /// decides: kDatabase is a failure, kCredentials opens at once, the rest is not counted. Results
  /// of calls that began before the last change of state are ignored.
  void settle(const Error* error, base::TimePoint now);

 private:
  friend class Breaker;
  Permit(Breaker& breaker, std::uint64_t generation)
      : breaker_(&breaker), generation_(generation) {}
  void give_back();

  Breaker* breaker_ = nullptr;
  std::uint64_t generation_ = 0;
};

/// Shields one database (one shard of it) from calls that are likely to fail, and its callers from
/// waiting for them. A pure state machine: it reads no clock, starts no timer, calls nobody. The
/// owner asks `next_event` when to call `tick` and `probe_due`, and collects `take_transitions`
/// after each call. Lives on one thread; never blocks. Rules and defaults: docs/circuit-breaker.md.
class Breaker {
 public:
  Breaker(const BreakerOptions& options, base::Random& random, base::TimePoint now);
  Breaker(const Breaker&) = delete;
  Breaker& operator=(const Breaker&) = delete;

  /// A permit, or kBreakerOpen with `retry_after` and the explanation as its message.
  [[nodiscard]] Result<Permit> acquire(base::TimePoint now);

  /// The pool opened a connection, or failed to (`error`), in that time. Feeds the consecutive
  /// rule, the failure rate (a failed connect is a failed call) and the slow rule.
  void report_connect(base::Duration took, const Error* error, base::TimePoint now);
  /// A ping ended. Feeds the failure rate (only when it failed) and the slow rule.
  void report_ping(base::Duration took, const Error* error, base::TimePoint now);

  /// While open and past the open time a prober should connect and run `SELECT 1`; true until
  /// `probe_started`, which must be followed by `probe_finished` in the end.
  [[nodiscard]] bool probe_due(base::TimePoint now) const;
  void probe_started();
  /// `error` null: the probe succeeded, user calls are tried next. An error with Fault::kCaller
  /// (the probe could not be made at all) asks for another probe after the first open time.
  void probe_finished(const Error* error, base::TimePoint now);

  /// An operator's override. kClosed ends one ("auto"): the breaker starts afresh, closed. With
  /// `duration` it ends by itself. Only kForcedOpen, kForcedClosed, kObserveOnly and kClosed.
  void force(BreakerState state, std::optional<base::Duration> duration, std::string reason,
             base::TimePoint now);
  /// New thresholds; the state stays.
  void configure(const BreakerOptions& options) { options_ = options; }

  /// Ends what time ends (an override's duration).
  void tick(base::TimePoint now);
  /// When `tick` or `probe_due` should be looked at next; empty when time changes nothing.
  [[nodiscard]] std::optional<base::TimePoint> next_event() const;

  /// State changes since the last call, oldest first; `db_id` is left empty.
  [[nodiscard]] std::vector<BreakerTransition> take_transitions();

  [[nodiscard]] BreakerState state() const { return state_; }
  /// Whether calls are refused now (open or forced open).
  [[nodiscard]] bool refusing() const;
  /// What callers are told while it is.
  [[nodiscard]] Error refusal(base::TimePoint now) const;
  [[nodiscard]] BreakerStatus status(base::TimePoint now) const;

 private:
  friend class Permit;

  /// A rule that is broken, and what was seen.
  struct Broken {
    std::string_view rule;
    std::string evidence;
  };
  /// The trials of a half-open breaker.
  struct Trials {
    int places = 1;     // at once
    int under_way = 0;  // more than `places` only when one took very long
    int succeeded = 0;
    int succeeded_in_stage = 0;  // as many as `places`: the next stage has twice the places
    base::TimePoint last_began{};
  };
  /// What an observing breaker would have done.
  struct Observed {
    bool broken = false;  // the rule is broken at this moment
    std::int64_t count = 0;
    base::TimePoint last{};
    std::string evidence;
  };

  void settled(std::uint64_t generation, const Error* error, base::TimePoint now);
  void given_back(std::uint64_t generation);
  void call_succeeded(base::TimePoint now);
  void failed(const Error& error, std::string_view what, base::TimePoint now);
  void rejected_by_server(const Error& error, base::TimePoint now);
  void timed(base::Duration took, base::TimePoint now);
  /// Whether a connect or ping that took so long says something about the present state.
  [[nodiscard]] bool relevant(base::Duration took, base::TimePoint now) const;

  [[nodiscard]] bool take_trial_place(base::TimePoint now);
  void trial_succeeded(base::TimePoint now);
  void judge(base::TimePoint now);
  [[nodiscard]] std::optional<Broken> broken_rule(base::TimePoint now) const;
  void observe(std::optional<Broken> broken, base::TimePoint now);

  void open(Broken broken, std::string_view reason, base::TimePoint now);
  void wait_for_probe(base::Duration open_for, base::TimePoint now);
  [[nodiscard]] base::Duration next_open_time(base::TimePoint now) const;
  void enter(BreakerState state, std::string_view reason, std::string explanation,
             base::TimePoint now);
  void forget_window();
  void start_afresh();

  [[nodiscard]] base::Duration come_back_in(base::TimePoint now) const;
  [[nodiscard]] Evidence evidence(base::TimePoint now) const;
  [[nodiscard]] std::string explain(base::TimePoint now) const;
  [[nodiscard]] std::string explain_watched(base::TimePoint now) const;
  [[nodiscard]] bool connects_fail(base::TimePoint now) const;
  [[nodiscard]] std::string explain_open(base::TimePoint now) const;
  [[nodiscard]] std::string explain_trials() const;
  [[nodiscard]] std::string explain_override(base::TimePoint now) const;
  [[nodiscard]] std::string explain_observed(base::TimePoint now) const;

  BreakerOptions options_;
  base::Random& random_;
  BreakerState state_ = BreakerState::kClosed;
  base::TimePoint since_;         // of the state
  std::uint64_t generation_ = 1;  // of the state: tells late results apart

  Window window_;
  Reasons failures_{Reasons::Messages::kKept};
  Reasons not_counted_{Reasons::Messages::kDropped};
  int connect_failures_in_a_row_ = 0;
  base::TimePoint connect_failed_at_{};  // the last of them
  std::string connect_failure_;          // in words

  // Why it opened last, and for how long. Kept until it is closed.
  Broken opened_by_;
  std::shared_ptr<const SqlDiagnostics> rejection_;  // of rejected_by_server
  base::Duration open_for_{};                        // zero: the next opening is the first
  base::TimePoint open_until_{};
  bool probing_ = false;
  int probes_failed_ = 0;
  std::string last_probe_;

  Trials trials_;
  Observed observed_;
  std::string operator_reason_;
  std::optional<base::TimePoint> override_until_;

  std::int64_t opened_count_ = 0;
  std::int64_t rejected_ = 0;
  std::int64_t succeeded_ = 0;
  std::int64_t failed_ = 0;
  std::int64_t not_counted_calls_ = 0;
  std::vector<BreakerTransition> transitions_;
};

}  // namespace sluice::breaker
