#pragma once

#include "base/time.h"
#include "sluice/error.h"

/// The pool's own refusals, in words that say what to do.
namespace sluice::pool {

/// What the pool is busy with, for explanations.
struct Load {
  int used = 0;
  int connecting = 0;
  int cleaning = 0;
  int limit = 0;    ///< max_size + max_overflow
  int waiting = 0;  ///< other callers in the queue
  bool suspended = false;
  int lendable = 0;  ///< of the limit, how many may be lent; as many unless something lowers it
  int kept = 0;      ///< free ones that greedy clients may not have (fair_shares.h)
  bool withheld = false;  ///< the budget has no leave for another connection
};

[[nodiscard]] Error queue_full(const Load& load);
/// What a new caller has to expect from the queue.
struct Prospect {
  int ahead = 0;  ///< callers before it
  int slots = 0;  ///< connections that serve them
  base::Duration service_time{};
  base::Duration patience{};  ///< until its deadline

  [[nodiscard]] base::Duration wait() const {
    return slots > 0 ? service_time * ahead / slots : base::Duration{};
  }
  [[nodiscard]] bool hopeless() const { return wait() > patience; }
};
[[nodiscard]] Error turn_too_late(const Prospect& prospect);
[[nodiscard]] Error pushed_out(const Load& load);
[[nodiscard]] Error shed(const Load& load, base::Duration waited);
[[nodiscard]] Error acquire_timeout(const Load& load, base::Duration waited);
[[nodiscard]] Error paused(base::Duration waited);
[[nodiscard]] Error draining();
[[nodiscard]] Error no_slot_for_probe();
[[nodiscard]] Error no_leave_for_probe(base::Duration waited);
[[nodiscard]] Error probe_under_way();
[[nodiscard]] Error probe_dropped();
[[nodiscard]] Error silent_connect(base::Duration waited);
[[nodiscard]] Error silent_ping(base::Duration waited);
/// The last connect's error, for callers that are refused because of it.
[[nodiscard]] Error not_reachable(const Error& connect_error, base::Duration retry_in);

}  // namespace sluice::pool
