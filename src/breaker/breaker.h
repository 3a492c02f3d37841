#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "base/time.h"
#include "breaker/window.h"
#include "sluice/observer.h"
#include "sluice/options.h"
#include "sluice/result.h"
#include "sluice/stats.h"

namespace sluice::breaker {

class Breaker;

/// Leave to make one call. Move-only; a permit that is never settled counts as ignored and gives its
/// place back. The breaker must outlive its permits.
class Permit {
 public:
  Permit() = default;
  Permit(Permit&& other) noexcept;
  Permit& operator=(Permit&& other) noexcept;
  ~Permit();

  /// Tells the breaker how the call ended: `error` is null for success. Only `Error::fault` decides:
  /// kDatabase is a failure, kCredentials opens at once, the rest is not counted. Results of calls
  /// that began before the last change of state are ignored.
  void settle(const Error* error, base::TimePoint now);

 private:
  friend class Breaker;
  Permit(Breaker& breaker, std::uint64_t generation) : breaker_(&breaker), generation_(generation) {}
  void give_back();

  Breaker* breaker_ = nullptr;
  std::uint64_t generation_ = 0;
};

/// Shields one database (one shard of it) from calls that are likely to fail, and its callers from
/// waiting for them. A pure state machine: it reads no clock, starts no timer, calls nobody. The
/// owner asks `next_event` when to call `tick` and `probe_due`, and collects `take_transitions` after
/// each call. Lives on one thread; never blocks.
/// Rules and defaults: docs/circuit-breaker.md.
class Breaker {
 public:
  Breaker(const BreakerOptions& options, base::Random& random, base::TimePoint now);
  Breaker(const Breaker&) = delete;
  Breaker& operator=(const Breaker&) = delete;

  /// A permit, or kBreakerOpen with `retry_after` and the explanation as its message.
  [[nodiscard]] Result<Permit> acquire(base::TimePoint now);

  /// The pool opened a connection, or failed to (`error`), in that time. Feeds the consecutive rule,
  /// the failure rate (a failed connect is a failed call) and the slow rule.
  void report_connect(base::Duration took, const Error* error, base::TimePoint now);
  /// A ping ended. Feeds the failure rate (only when it failed) and the slow rule.
  void report_ping(base::Duration took, const Error* error, base::TimePoint now);

  /// While open and past the open time a prober should connect and run `SELECT 1`; true until
  /// `probe_started`.
  [[nodiscard]] bool probe_due(base::TimePoint now) const;
  void probe_started();
  /// `error` null: the probe succeeded, user calls are tried next. An error with Fault::kCaller (the
  /// probe could not be made at all) asks for another probe after the first open time.
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
  [[nodiscard]] BreakerStatus status(base::TimePoint now) const;

 private:
  friend class Permit;
  // H1 completes the private part.
};

}  // namespace sluice::breaker
