#pragma once

#include <cstdint>
#include <optional>

#include "base/time.h"

namespace sluice::manager {

/// What one look at a host found. Engines that only speak PostgreSQL's protocol may lack all but
/// the first two.
struct HostFacts {
  bool in_recovery = false;
  bool read_only = false;                    ///< what a transaction is by default
  std::optional<std::int64_t> position;      ///< in the WAL, in bytes: written, or replayed
  std::optional<std::int64_t> timeline;      ///< of a host that writes
  std::optional<std::int64_t> clock;         ///< the host's own, microseconds since 1970
  std::optional<std::int64_t> replayed;      ///< when the last replayed transaction was committed
  base::TimePoint began{};                   ///< of the look, by our clock
  std::optional<base::Duration> round_trip;  ///< empty: the connection was opened for it
};

}  // namespace sluice::manager
