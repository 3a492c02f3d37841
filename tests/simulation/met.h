#pragma once

#include <array>
#include <cstdint>

#include "sluice/error.h"

namespace sluice::simulation {

/// What was met in all scenarios together, so that no test can pass by meeting nothing. Plain
/// numbers, because it lives in memory that several processes share.
struct Met {
  static constexpr std::size_t kCodes = static_cast<std::size_t>(ErrorCode::kInternal) + 1;

  std::int64_t scenarios = 0;
  std::int64_t succeeded = 0;
  std::array<std::int64_t, kCodes> failed{};  ///< calls, by code
  std::int64_t cut = 0;                       ///< calls that had begun when they failed
  std::int64_t repeated = 0;                  ///< calls that left a batch
  std::int64_t connected = 0;
  std::int64_t not_connected = 0;
  std::int64_t lent = 0;
  std::int64_t opened = 0;        ///< breakers
  std::int64_t recovered = 0;     ///< breakers, through trials
  std::int64_t shed = 0;          ///< waiters, for a sustained delay
  std::int64_t refused_late = 0;  ///< callers whose turn would have come too late
  std::int64_t pushed_out = 0;    ///< waiters, for clients with fewer
  std::int64_t limit_cuts = 0;    ///< of adaptive limits
  std::int64_t paused = 0;        ///< readers of streams
  std::int64_t in_session = 0;    ///< statements that succeeded in one
  std::int64_t drained = 0;       ///< databases, while calls were under way

  // Of lives with several hosts:
  std::int64_t virtual_seconds = 0;
  std::int64_t acknowledged = 0;  ///< writes
  std::int64_t lost_answers = 0;  ///< writes that took effect, and whose callers do not know
  std::int64_t promotions = 0;
  std::int64_t rogues = 0;          ///< old primaries that came back as such
  std::int64_t refused_writes = 0;  ///< sent to a host that was no primary any more
  std::int64_t waited = 0;          ///< calls that waited for a primary in vain
  std::int64_t replica_reads = 0;   ///< that succeeded

  void fail(ErrorCode code) { ++failed[static_cast<std::size_t>(code)]; }
  [[nodiscard]] std::int64_t failures(ErrorCode code) const {
    return failed[static_cast<std::size_t>(code)];
  }
};

}  // namespace sluice::simulation
