#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "simulation/met.h"
#include "simulation/scenario.h"
#include "simulation/verdict.h"

namespace sluice::simulation {

/// Runs scenarios in child processes, so that one that crashes or hangs is found, named and shrunk
/// like any other failure. Single-threaded.
class Laboratory {
 public:
  Laboratory();
  ~Laboratory();
  Laboratory(const Laboratory&) = delete;
  Laboratory& operator=(const Laboratory&) = delete;

  /// Lives through the scenarios of these seeds; the first that fails, if any.
  [[nodiscard]] std::optional<std::uint64_t> first_failure(std::uint64_t first,
                                                           std::uint64_t count);
  /// What goes wrong in this scenario, if anything.
  [[nodiscard]] std::optional<Violation> try_out(const Scenario& scenario);
  /// The fewest of its events with which the same promise is broken.
  [[nodiscard]] Scenario shrunk(const Scenario& scenario, const std::string& promise);

  /// What was met in all seeds that were lived through.
  [[nodiscard]] const Met& met() const;

 private:
  struct Shared;
  Shared* shared_;
};

}  // namespace sluice::simulation
