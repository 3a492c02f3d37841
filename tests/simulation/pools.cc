#include "simulation/pools.h"

#include <algorithm>
#include <string>
#include <utility>

namespace sluice::simulation {
namespace {

std::string name(int database) { return "db" + std::to_string(database); }

int limit_of(const PoolOptions& options) { return options.max_size + options.max_overflow; }

bool draining(const manager::Shard& shard) { return shard.refusal().has_value(); }

/// A pool that drains may be gone already, and must be asked with care.
PoolStats stats_of(manager::Shard& shard) {
  return draining(shard) ? shard.stats().pool : shard.pool().stats();
}

}  // namespace

void Pools::registered(int database, const manager::Database& registration) {
  for (const auto& shard : registration.shards) watched_.push_back({database, shard, 0, {}});
  limits_change(database, registration.options.pool);
}

void Pools::limits_change(int database, const PoolOptions& options) {
  int& highest = changing_[database];
  highest = std::max(highest, limit_of(options));
}

void Pools::check(int database, const testing::FakeDatabase& fake, int trials) {
  int total = 0;
  for (Watched& watched : watched_) {
    const auto shard = watched.shard.lock();
    if (!shard || watched.database != database) continue;
    const PoolStats stats = stats_of(*shard);
    total += stats.total();
    if (draining(*shard)) continue;
    check_limit(watched, *shard, stats);
    check_overload(watched, *shard, stats);
    watched.deepest = std::max(watched.deepest, shard->options().pool.pipeline_depth);
    check_counters(watched, stats);
    watched.before = stats;
  }
  const int seen = fake.live() + fake.connecting();
  if (total <= seen && seen <= total + trials) return;
  verdict_.broken("no connection is lost or leaked",
                  name(database) + " sees " + std::to_string(seen) + " connections, its pools " +
                      std::to_string(total) + ", beside at most " + std::to_string(trials) +
                      " that are tried out");
}

void Pools::check_limit(Watched& watched, const manager::Shard& shard, const PoolStats& stats) {
  // What is lent or on its way out may exceed a smaller limit until it is back.
  const auto changing = changing_.find(watched.database);
  const int limit = limit_of(shard.options().pool);
  const int limit_before = std::exchange(watched.limit, limit);
  const int allowed = std::max({limit, limit_before, watched.before.total(),
                                changing == changing_.end() ? 0 : changing->second});
  if (stats.total() <= allowed) return;
  verdict_.broken("slots are conserved", name(watched.database) + " has " +
                                             std::to_string(stats.total()) + " of at most " +
                                             std::to_string(allowed) + " connections");
}

void Pools::check_overload(const Watched& watched, const manager::Shard& shard,
                           const PoolStats& stats) {
  const PoolOptions& options = shard.options().pool;
  const auto within = [&](const char* what, int value, int most) {
    if (value >= std::min(2, options.max_size) && value <= most) return;
    verdict_.broken("limits keep their bounds",
                    std::string(what) + " of " + name(watched.database) + " is " +
                        std::to_string(value) + ", and may be 2 to " + std::to_string(most));
  };
  const bool limited = options.adaptive_limit != AdaptiveLimit::kOff;
  const bool sized = options.sizing == PoolSizing::kDynamic;
  if (limited) within("the adaptive limit", stats.adaptive_limit, limit_of(options));
  if (sized) within("the size", stats.best_size, options.max_size);
  within("what may be lent", stats.lendable, sized ? options.max_size : limit_of(options));
  const PoolStats& before = watched.before;
  met_.shed += stats.shed - before.shed;
  met_.refused_late += stats.refused_late - before.refused_late;
  met_.pushed_out += stats.pushed_out - before.pushed_out;
  met_.limit_cuts += std::max<std::int64_t>(0, stats.limit_cuts - before.limit_cuts);
}

/// What is lent beyond a limit that was lowered comes back before anything else is lent.
void Pools::lent(int database) {
  std::vector<PoolStats> here;
  for (const Watched& watched : watched_) {
    const auto shard = watched.shard.lock();
    if (!shard || watched.database != database || !shard->loop().is_current()) continue;
    here.push_back(shard->stats().pool);
  }
  // With several it is not known which of them it was.
  if (here.size() != 1 || here.front().used <= here.front().lendable) return;
  verdict_.broken("no more is lent than may be",
                  name(database) + " has lent " + std::to_string(here.front().used) +
                      " of at most " + std::to_string(here.front().lendable));
}

void Pools::check_counters(const Watched& watched, const PoolStats& stats) {
  const PoolStats& before = watched.before;
  bool rising = stats.connections_created >= before.connections_created &&
                stats.connect_errors >= before.connect_errors &&
                stats.acquired >= before.acquired && stats.released >= before.released &&
                stats.acquire_timeouts >= before.acquire_timeouts &&
                stats.refused_late >= before.refused_late && stats.shed >= before.shed &&
                stats.pushed_out >= before.pushed_out;
  for (const auto& [reason, count] : before.connections_closed) {
    const auto now = stats.connections_closed.find(reason);
    rising = rising && now != stats.connections_closed.end() && now->second >= count;
  }
  if (!rising) verdict_.broken("counters never decrease", "a counter of " + name(watched.database));
  const auto out = stats.acquired - stats.released;
  if (stats.used <= out && out <= std::int64_t{stats.used} * watched.deepest) return;
  verdict_.broken("each lease is given back once",
                  name(watched.database) + " lent " + std::to_string(stats.acquired) + ", got " +
                      std::to_string(stats.released) + " back, and " + std::to_string(stats.used) +
                      " are out");
}

bool Pools::shut(int database, const base::EventLoop& loop) const {
  bool any = false;
  for (const Watched& watched : watched_) {
    const auto shard = watched.shard.lock();
    if (!shard || watched.database != database || &shard->loop() != &loop) continue;
    if (draining(*shard)) continue;
    if (!shard->breaker().refusing()) return false;
    // What has a connection when the breaker opens goes on at that moment.
    if (shard->breaker().status(loop.now()).in_state_for.count() == 0) return false;
    any = true;
  }
  return any;
}

bool Pools::refuses(int database) const {
  return std::any_of(watched_.begin(), watched_.end(), [database](const Watched& watched) {
    const auto shard = watched.shard.lock();
    return shard && watched.database == database && !draining(*shard) &&
           shard->breaker().refusing();
  });
}

int Pools::waiting(int database) const {
  int waiting = 0;
  for (const Watched& watched : watched_) {
    const auto shard = watched.shard.lock();
    if (!shard || watched.database != database || draining(*shard)) continue;
    waiting += shard->pool().stats().waiting;
  }
  return waiting;
}

void Pools::require_min_size() {
  for (const Watched& watched : watched_) {
    const auto shard = watched.shard.lock();
    if (!shard || draining(*shard) || unused_.contains(watched.database)) continue;
    const PoolStats stats = shard->pool().stats();
    const int least = shard->options().pool.min_size;
    if (stats.acquired == 0 || stats.total() >= least) continue;
    verdict_.broken("a pool in use keeps its connections",
                    name(watched.database) + " has " + std::to_string(stats.total()) +
                        " of at least " + std::to_string(least));
  }
}

void Pools::require_quiet() {
  for (const Watched& watched : watched_) {
    const auto shard = watched.shard.lock();
    if (!shard || draining(*shard)) continue;
    const PoolStats stats = shard->pool().stats();
    // One that has lived its time may be being replaced at this very moment.
    const bool replaces = shard->options().pool.max_lifetime.count() > 0;
    if (stats.used + stats.waiting + (replaces ? 0 : stats.connecting) == 0) continue;
    verdict_.broken("everything returns to zero",
                    name(watched.database) + " rests, but " + std::to_string(stats.used) +
                        " connections are used, " + std::to_string(stats.connecting) +
                        " connecting, and " + std::to_string(stats.waiting) + " callers wait");
  }
}

void Pools::require_gone() {
  for (const Watched& watched : watched_) {
    if (watched.shard.expired()) continue;
    verdict_.broken("what is closed is destroyed",
                    "a pool of " + name(watched.database) + " lives on");
  }
}

void Pools::end_overrides() {
  for (const Watched& watched : watched_) {
    const auto shard = watched.shard.lock();
    if (!shard) continue;
    const auto state = shard->breaker().state();
    if (state != BreakerState::kForcedOpen && state != BreakerState::kForcedClosed &&
        state != BreakerState::kObserveOnly) {
      continue;
    }
    shard->loop().post([shard] { shard->force_breaker(BreakerState::kClosed, {}, "the end"); });
  }
}

}  // namespace sluice::simulation
