#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "simulation/laboratory.h"
#include "simulation/shrink.h"

namespace sluice::simulation {

/// Lives of one kind of world. `World::draw(seed)` is the scenario of a seed, whose `events` may be
/// taken away one by one.
template <typename World>
class Experiment {
 public:
  using Scenario = decltype(World::draw(0));

  [[nodiscard]] std::optional<std::uint64_t> first_failure(std::uint64_t first,
                                                           std::uint64_t count) {
    return laboratory_.first_failure(
        first, count, [](std::uint64_t seed, Met& met) { return live(World::draw(seed), met); });
  }

  /// What went wrong, the shortest way to it, and how to see it again: `test` is its name.
  [[nodiscard]] std::string report(std::uint64_t seed, const std::string& test) {
    const Scenario scenario = World::draw(seed);
    const auto violation = try_out(scenario);
    const auto number = std::to_string(seed);
    if (!violation) return "seed " + number + " failed once, but not again";
    const Scenario fewer = shrunk(scenario, violation->promise);
    const auto last = try_out(fewer);
    return "seed " + number + " breaks the promise: " + violation->promise + "\n" +
           (last ? last : violation)->seen + "\n" + std::to_string(fewer.events.size()) + " of " +
           std::to_string(scenario.events.size()) + " events are enough:\n" + to_string(fewer) +
           "Again: SLUICE_SEED=" + number + " build/dev/simulation_test --gtest_filter=" + test +
           "\n";
  }

  /// What was met in all lives together.
  [[nodiscard]] const Met& met() const { return laboratory_.met(); }

 private:
  /// A world in which a promise was broken is in no state to be destroyed.
  static std::optional<Violation> live(const Scenario& scenario, Met& met) {
    auto world = std::make_unique<World>(scenario, met);
    auto violation = world->live();
    if (violation) (void)world.release();
    return violation;
  }

  std::optional<Violation> try_out(const Scenario& scenario) {
    return laboratory_.try_out([&scenario](Met& met) { return live(scenario, met); });
  }

  /// The fewest of its events with which the same promise is broken.
  Scenario shrunk(const Scenario& scenario, const std::string& promise) {
    Scenario fewer = scenario;
    using Event = typename decltype(fewer.events)::value_type;
    fewer.events = shrink<Event>(scenario.events, [&](const std::vector<Event>& events) {
      Scenario candidate = scenario;
      candidate.events = events;
      const auto violation = try_out(candidate);
      return violation && violation->promise == promise;
    });
    return fewer;
  }

  Laboratory laboratory_;
};

}  // namespace sluice::simulation
