#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "manager/host_set.h"
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
  /// At least one. With several hosts, each worker has one for each of them, side by side.
  std::vector<std::shared_ptr<Shard>> shards;
  std::shared_ptr<HostSet> hosts;  ///< null: there is only one
  std::chrono::system_clock::time_point registered_at;

  [[nodiscard]] std::size_t host_count() const { return hosts ? hosts->size() : 1; }
  /// The shard a call should go to: the caller's own worker's if there is one, else in turn. With
  /// several hosts its router has the last word.
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
