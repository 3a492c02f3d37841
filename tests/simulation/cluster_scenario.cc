#include "simulation/cluster_scenario.h"

#include <array>
#include <utility>

#include "base/random.h"
#include "simulation/event.h"

namespace sluice::simulation {
namespace {

struct Weighted {
  Turn what;
  int weight;
};

constexpr std::array kMix = {
    Weighted{Turn::kTraffic, 300}, Weighted{Turn::kAdvance, 120},
    Weighted{Turn::kKill, 40},     Weighted{Turn::kRevive, 60},
    Weighted{Turn::kFreeze, 40},   Weighted{Turn::kThaw, 60},
    Weighted{Turn::kFlap, 25},     Weighted{Turn::kPromote, 70},
    Weighted{Turn::kRewind, 25},   Weighted{Turn::kLag, 25},
    Weighted{Turn::kSlow, 25},     Weighted{Turn::kLoseConnections, 20},
};

class ClusterAuthor {
 public:
  explicit ClusterAuthor(std::uint64_t seed) : random_(seed) { scenario_.seed = seed; }

  ClusterScenario write() {
    scenario_.workers = pick(1, 3);
    scenario_.clusters.resize(static_cast<std::size_t>(pick(1, 2)));
    for (auto& database : scenario_.clusters) {
      database.servers = pick(2, 4);
      database.options = options();
    }
    scenario_.max_connections = chance(30) ? pick(2, 10) : 0;
    const int count = pick(10, 60);
    for (int i = 0; i < count; ++i) scenario_.events.push_back(any());
    return std::move(scenario_);
  }

 private:
  int pick(int from, int to) { return std::uniform_int_distribution<int>(from, to)(random_); }
  bool chance(int percent) { return pick(1, 100) <= percent; }
  milliseconds ms(int from, int to) { return milliseconds(pick(from, to)); }

  Turn any_kind() {
    int sum = 0;
    for (const auto& each : kMix) sum += each.weight;
    int at = pick(1, sum);
    for (const auto& each : kMix) {
      at -= each.weight;
      if (at <= 0) return each.what;
    }
    return Turn::kAdvance;
  }

  ClusterEvent any() {
    ClusterEvent event{.what = any_kind()};
    event.id = static_cast<int>(scenario_.events.size());
    event.cluster = pick(0, static_cast<int>(scenario_.clusters.size()) - 1);
    const auto& cluster = scenario_.clusters[static_cast<std::size_t>(event.cluster)];
    event.server = pick(0, cluster.servers - 1);
    event.client = pick(0, 3);
    event.count = event.what == Turn::kFlap ? pick(2, 6) : pick(1, 40);
    event.time = event.what == Turn::kFlap ? ms(10, 1'500) : ms(0, 6'000);
    if (event.what == Turn::kAdvance && chance(25)) event.time = ms(10'000, 1'200'000);
    event.flag = chance(50);
    event.draw = random_();
    return event;
  }

  DatabaseOptions options() {
    DatabaseOptions options;
    set_pool(options.pool);
    options.breaker.window = ms(1'000, 10'000);
    options.breaker.minimum_calls = pick(1, 10);
    options.breaker.consecutive_connect_failures = pick(1, 5);
    options.breaker.open_for = ms(50, 1'000);
    options.breaker.max_open_for = ms(1'000, 5'000);
    options.breaker.half_open_successes = pick(1, 6);
    options.query.timeout = ms(1'000, 4'000);
    options.routing.route = static_cast<Route>(pick(0, 3));
    options.routing.monitor_interval = ms(500, 5'000);
    // What is less than two looks is more than looks can tell.
    options.routing.max_lag = 3 * options.routing.monitor_interval + ms(2'000, 5'000);
    options.routing.primary_wait = ms(0, 5'000);
    return options;
  }

  void set_pool(PoolOptions& pool) {
    pool.shards = pick(1, scenario_.workers);
    pool.max_size = pool.shards * pick(1, 4);
    pool.min_size = chance(30) ? pick(0, pool.max_size) : 0;
    pool.max_waiters = chance(30) ? pick(1, 6) : 0;
    pool.acquire_timeout = ms(50, 4'000);
    pool.connect_timeout = ms(50, 2'000);
    pool.pool_idle_timeout = chance(50) ? milliseconds(0) : ms(3'000, 60'000);
    pool.pipeline_depth = chance(50) ? pick(2, 5) : 1;
    pool.fair_shares = chance(70);
    pool.shedding = chance(30) ? Shedding::kCodel : Shedding::kOff;
    pool.adaptive_limit = static_cast<AdaptiveLimit>(pick(0, 2));
    pool.sizing = chance(30) ? PoolSizing::kDynamic : PoolSizing::kFixed;
  }

  base::Random random_;
  ClusterScenario scenario_;
};

std::string in_ms(milliseconds time) { return std::to_string(time.count()) + " ms"; }

std::string what_happens(const ClusterEvent& event) {
  switch (event.what) {
    case Turn::kTraffic:
      return std::to_string(event.count) + " calls of client " + std::to_string(event.client) +
             " at c" + std::to_string(event.cluster) + " within " + in_ms(event.time);
    case Turn::kAdvance:
      return "advance " + in_ms(event.time);
    case Turn::kKill:
      return "dies";
    case Turn::kRevive:
      return event.flag ? "comes back, rewound" : "comes back as what it was";
    case Turn::kFreeze:
      return event.flag ? "cannot be reached" : "freezes";
    case Turn::kThaw:
      return "goes on";
    case Turn::kFlap:
      return "flaps " + std::to_string(event.count) + " times, every " + in_ms(event.time);
    case Turn::kPromote:
      return "is promoted";
    case Turn::kRewind:
      return "is rewound, if it was overtaken";
    case Turn::kLag:
      return event.flag ? "falls behind" : "catches up";
    case Turn::kSlow:
      return event.flag ? "gets slow" : "gets quick";
    case Turn::kLoseConnections:
      return "loses its connections";
  }
  return {};
}

}  // namespace

std::string to_string(const ClusterEvent& event) {
  const bool of_server = event.what != Turn::kTraffic && event.what != Turn::kAdvance;
  const std::string server =
      "c" + std::to_string(event.cluster) + "h" + std::to_string(event.server) + " ";
  return (of_server ? server : "") + what_happens(event);
}

ClusterScenario make_cluster_scenario(std::uint64_t seed) { return ClusterAuthor(seed).write(); }

std::string to_string(const ClusterScenario& scenario) {
  std::string text = std::to_string(scenario.workers) + " workers";
  for (std::size_t i = 0; i < scenario.clusters.size(); ++i) {
    const auto& database = scenario.clusters[i];
    text += "; c" + std::to_string(i) + " has " + std::to_string(database.servers) + " hosts" +
            different_settings(database.options);
  }
  if (scenario.max_connections > 0)
    text += "; at most " + std::to_string(scenario.max_connections) + " connections";
  text += "\n";
  int line = 0;
  for (const ClusterEvent& event : scenario.events) {
    text += "  " + std::to_string(++line) + ". " + to_string(event) + "\n";
  }
  return text + "  then all hosts get well, and all ends\n";
}

}  // namespace sluice::simulation
