#pragma once

#include <cstdint>

#include "sluice/stats.h"

namespace sluice::gateway {

/// How calls ended, each in exactly one way. A rejection is ours, a failure the database's; what
/// the caller did wrong speaks against neither.
struct Outcomes {
  std::int64_t ok = 0;
  std::int64_t failed = 0;       ///< the server or the way to it: lost, refused, in trouble
  std::int64_t timeout = 0;      ///< of the statement, of a connect, of waiting for a connection
  std::int64_t rejected = 0;     ///< by us, before anything was sent: breaker, queue, pause, drain
  std::int64_t bad_request = 0;  ///< SQL mistakes, constraints, wrong parameters, cancelled calls

  [[nodiscard]] std::int64_t all() const { return ok + failed + timeout + rejected + bad_request; }
};

/// All calls since registration, sorted by how they ended. Pure; costs the hot path nothing,
/// because it only sorts what is counted anyway.
[[nodiscard]] Outcomes outcomes_of(const DatabaseStats& stats);

/// What came in between. Counts that went back (the database was registered anew) give 0.
[[nodiscard]] Outcomes operator-(const Outcomes& now, const Outcomes& before);

}  // namespace sluice::gateway
