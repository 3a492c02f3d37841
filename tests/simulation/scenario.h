#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "simulation/event.h"

namespace sluice::simulation {

/// The database that is always well: nothing may ever go wrong for its callers.
constexpr int kSteady = 0;

/// How a scenario ends, after its events.
enum class Ending {
  kRecovery,  ///< every database gets well, is used again, and the manager is closed
  kClose,     ///< the manager is closed in the middle of everything
};

/// A life of a manager: everything that happens to it, decided beforehand.
struct Scenario {
  std::uint64_t seed = 0;
  int workers = 1;
  int databases = 2;
  int max_connections = 0;  ///< of all databases together; 0: no limit
  Ending ending = Ending::kRecovery;
  milliseconds close_patience{};
  std::vector<Event> events;
};

/// The scenario of that seed: always the same.
[[nodiscard]] Scenario make_scenario(std::uint64_t seed);

/// The whole in words, one event per line.
[[nodiscard]] std::string to_string(const Scenario& scenario);

}  // namespace sluice::simulation
