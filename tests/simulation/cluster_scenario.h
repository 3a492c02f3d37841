#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "sluice/options.h"

namespace sluice::simulation {

/// One kind of thing that happens to databases with several hosts.
enum class Turn {
  kTraffic,  ///< `count` calls spread over `time`
  kAdvance,
  kKill,
  kRevive,  ///< `flag`: rewound, if it was the primary once
  kFreeze,  ///< `flag`: only the gateway cannot reach it
  kThaw,
  kFlap,  ///< dies and comes back `count` times, after `time` each
  kPromote,
  kRewind,
  kLag,
  kSlow,
  kLoseConnections,
};

/// It holds all that was drawn for it, so that it means the same when others are taken away.
struct ClusterEvent {
  Turn what = Turn::kAdvance;
  int id = 0;
  int cluster = 0;
  int server = 0;
  int client = 0;
  int count = 0;
  std::chrono::milliseconds time{};
  bool flag = false;
  std::uint64_t draw = 0;  ///< seeds whatever is drawn while it happens
};

/// The life of a manager whose databases have several hosts. One more has a single host, and is
/// always well.
struct ClusterScenario {
  std::uint64_t seed = 0;
  int workers = 1;
  int max_connections = 0;  ///< of all databases together; 0: no limit
  struct Database {
    int servers = 2;
    DatabaseOptions options;
  };
  std::vector<Database> clusters;
  std::vector<ClusterEvent> events;
};

/// The scenario of that seed: always the same.
[[nodiscard]] ClusterScenario make_cluster_scenario(std::uint64_t seed);

/// The event in words, for people: "c0h1 is promoted".
[[nodiscard]] std::string to_string(const ClusterEvent& event);

/// The whole in words, one event per line.
[[nodiscard]] std::string to_string(const ClusterScenario& scenario);

}  // namespace sluice::simulation
