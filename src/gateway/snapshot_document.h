#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/history.h"
#include "gateway/verdict.h"
#include "sluice/stats.h"

namespace sluice::gateway {

/// Everything a snapshot tells, at one moment.
struct SnapshotFacts {
  std::int64_t sequence = 0;  ///< milliseconds since the start: later is greater
  std::int64_t second = -1;   ///< the newest one in the histories
  std::chrono::system_clock::time_point started_at;
  bool draining = false;
  bool demo = false;                   ///< there is a chaos button
  std::size_t registered = 0;          ///< databases, watched or not
  std::vector<DatabaseStats> watched;  ///< by id
  std::vector<Attention> attention;    ///< for each of these
  Verdict verdict;
  std::map<std::string, History, std::less<>> histories;
  History total;  ///< over all that are watched
};

/// The members of GET /admin/snapshot and the closing brace. `since` empty: with the history of
/// all together, and of each what a ribbon and a sparkline need; else with the points after it.
[[nodiscard]] std::string snapshot_members(const SnapshotFacts& facts,
                                           std::optional<std::int64_t> since);
/// The whole history of one database; empty columns if it has none. No opening brace either.
[[nodiscard]] std::string history_members(const SnapshotFacts& facts, std::string_view db_id);

}  // namespace sluice::gateway
