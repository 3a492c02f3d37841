#pragma once

#include <map>
#include <memory>
#include <set>
#include <vector>

#include "manager/database.h"
#include "manager/shard.h"
#include "simulation/met.h"
#include "simulation/verdict.h"
#include "support/fake_connection.h"

namespace sluice::simulation {

/// The pools and breakers of all registrations there were, held against what the databases see.
/// Keeps none of them alive.
class Pools {
 public:
  Pools(Verdict& verdict, Met& met) : verdict_(verdict), met_(met) {}

  void registered(int database, const manager::Database& registration);
  /// A shard may already have these limits, or still the ones before.
  void limits_change(int database, const PoolOptions& options);
  /// By now every shard has its last limits.
  void settled() { changing_.clear(); }

  /// A pool of the database has just lent a connection, on the loop that runs now.
  void lent(int database);
  /// Slots and figures of all pools of the database. `trials`: how many connects that are tried out
  /// may have a connection of their own.
  void check(int database, const testing::FakeDatabase& fake, int trials);
  /// Whether every pool that may send to the database from that loop has had an open breaker for a
  /// while.
  [[nodiscard]] bool shut(int database, const base::EventLoop& loop) const;
  /// Whether any breaker of the database refuses calls.
  [[nodiscard]] bool refuses(int database) const;
  /// A pool of the database has closed because nobody used it.
  void unused(int database) { unused_.insert(database); }
  /// Callers in the queues of the database's pools.
  [[nodiscard]] int waiting(int database) const;
  /// Every pool that is in use has the connections it should keep.
  void require_min_size();
  void require_quiet();
  void require_gone();
  /// Ends the operators' overrides.
  void end_overrides();

 private:
  struct Watched {
    int database;
    std::weak_ptr<manager::Shard> shard;
    int limit = 0;    ///< when it was looked at last
    int deepest = 1;  ///< the most that ever could share a connection
    PoolStats before;
  };

  void check_limit(Watched& watched, const manager::Shard& shard, const PoolStats& stats);
  void check_overload(const Watched& watched, const manager::Shard& shard, const PoolStats& stats);
  void check_counters(const Watched& watched, const PoolStats& stats);

  Verdict& verdict_;
  Met& met_;
  std::vector<Watched> watched_;
  std::set<int> unused_;         ///< databases with pools that may have no connections
  std::map<int, int> changing_;  ///< the highest limit that some shard may have
};

}  // namespace sluice::simulation
