#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "manager/shard.h"
#include "sluice/options.h"
#include "sluice/stats.h"
#include "sluice/target.h"

namespace sluice::manager {

/// One registered database: what it is, how it is set up, and its shards. Immutable, so that every
/// thread may read it; a change of settings makes a new Database over the same shards.
struct Database {
  std::string db_id;
  Target target;
  DatabaseOptions options;
  std::vector<std::shared_ptr<Shard>> shards;  ///< at least one
  std::chrono::system_clock::time_point registered_at;

  /// The shard a call should go to: the caller's own worker's if there is one, else in turn.
  [[nodiscard]] const std::shared_ptr<Shard>& pick_shard(const base::EventLoop* caller) const;

 private:
  mutable std::atomic<std::uint32_t> turn_{0};
};

/// The part of the pool's limits that shard number `index` of `count` gets. Adds up to the whole.
[[nodiscard]] DatabaseOptions shard_part(const DatabaseOptions& whole, int index, int count);

/// Adds the shards' figures up. `breaker` is the worst one's, latencies are merged.
[[nodiscard]] DatabaseStats merge_stats(const Database& database,
                                        const std::vector<ShardStats>& shards,
                                        std::chrono::system_clock::time_point now);

}  // namespace sluice::manager
